"""A client is cached for no longer than a revocation could be missed."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.api.identity import credential_cache
from app.api.identity.credential_cache import CredentialCache
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import AuthenticatedClient, Client
from tests.fake_clock import MORNING

CLIENT = AuthenticatedClient(Client(UUID(int=1), Role.PLATFORM, None), MORNING + timedelta(seconds=2))
KEY = "insc_…"


@pytest.fixture
def cache() -> CredentialCache:
    """Of a process that listens to revocations."""
    listening = CredentialCache()
    listening.listener.on_connected()
    return listening


def test_a_client_is_found_again(cache: CredentialCache) -> None:
    cache.put(KEY, CLIENT, cache.generation)

    assert cache.get(KEY, MORNING) is CLIENT.client
    assert cache.get("another", MORNING) is None


def test_a_client_is_not_found_after_its_key_has_expired(cache: CredentialCache) -> None:
    cache.put(KEY, CLIENT, cache.generation)

    assert cache.get(KEY, MORNING + timedelta(seconds=2)) is None


def test_a_client_is_not_found_for_long(cache: CredentialCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "CACHE_SECONDS", 0.0)

    cache.put(KEY, CLIENT, cache.generation)

    assert cache.get(KEY, MORNING) is None


def test_no_client_is_found_after_any_was_revoked(cache: CredentialCache) -> None:
    cache.put(KEY, CLIENT, cache.generation)

    cache.listener.on_notification("")

    assert cache.get(KEY, MORNING) is None


def test_what_was_looked_up_before_a_revocation_is_not_cached_after_it(cache: CredentialCache) -> None:
    began = cache.generation
    cache.listener.on_notification("")

    cache.put(KEY, CLIENT, began)

    assert cache.get(KEY, MORNING) is None


def test_a_process_that_does_not_listen_caches_nothing(cache: CredentialCache) -> None:
    cache.put(KEY, CLIENT, cache.generation)
    cache.listener.on_lost()
    after_loss = cache.get(KEY, MORNING)

    cache.put(KEY, CLIENT, cache.generation)

    assert (after_loss, cache.get(KEY, MORNING)) == (None, None)


def test_what_was_looked_up_before_it_listened_again_is_not_cached(cache: CredentialCache) -> None:
    cache.listener.on_lost()
    began = cache.generation
    cache.listener.on_connected()

    cache.put(KEY, CLIENT, began)

    assert cache.get(KEY, MORNING) is None


def test_the_cache_does_not_grow_for_ever(cache: CredentialCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "MAX_CACHED_CREDENTIALS", 3)

    for number in range(10):
        cache.put(f"token {number}", CLIENT, cache.generation)

    assert sum(cache.get(f"token {number}", MORNING) is not None for number in range(10)) <= 3
    assert cache.get("token 9", MORNING) is CLIENT.client
