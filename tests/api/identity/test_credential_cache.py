"""Who was recognised is remembered for no longer than a revocation could be missed."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.api.identity import credential_cache
from app.api.identity.credential_cache import CredentialCache
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import AuthenticatedClient, Client
from tests.fake_clock import MORNING

SOMEBODY = AuthenticatedClient(Client(UUID(int=1), Role.PLATFORM, None), MORNING + timedelta(seconds=2))
KEY = "insc_…"


@pytest.fixture
def cache() -> CredentialCache:
    """Of a process that hears."""
    made = CredentialCache()
    made.listener.on_connected()
    return made


def test_somebody_is_recognised_again(cache: CredentialCache) -> None:
    cache.put(KEY, SOMEBODY, cache.generation)

    assert cache.get(KEY, MORNING) is SOMEBODY.client
    assert cache.get("another", MORNING) is None


def test_but_not_after_the_key_has_expired(cache: CredentialCache) -> None:
    cache.put(KEY, SOMEBODY, cache.generation)

    assert cache.get(KEY, MORNING + timedelta(seconds=2)) is None


def test_nor_for_long(cache: CredentialCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "CACHE_SECONDS", 0.0)

    cache.put(KEY, SOMEBODY, cache.generation)

    assert cache.get(KEY, MORNING) is None


def test_nor_after_anybody_was_revoked(cache: CredentialCache) -> None:
    cache.put(KEY, SOMEBODY, cache.generation)

    cache.listener.on_notification("")

    assert cache.get(KEY, MORNING) is None


def test_what_was_looked_up_before_a_revocation_is_not_remembered_after_it(cache: CredentialCache) -> None:
    began = cache.generation
    cache.listener.on_notification("")

    cache.put(KEY, SOMEBODY, began)

    assert cache.get(KEY, MORNING) is None


def test_a_process_that_does_not_hear_remembers_nobody(cache: CredentialCache) -> None:
    cache.put(KEY, SOMEBODY, cache.generation)
    cache.listener.on_lost()
    forgotten = cache.get(KEY, MORNING)

    cache.put(KEY, SOMEBODY, cache.generation)

    assert (forgotten, cache.get(KEY, MORNING)) == (None, None)


def test_what_was_looked_up_before_it_heard_again_is_not_remembered(cache: CredentialCache) -> None:
    cache.listener.on_lost()
    began = cache.generation
    cache.listener.on_connected()

    cache.put(KEY, SOMEBODY, began)

    assert cache.get(KEY, MORNING) is None


def test_it_does_not_grow_for_ever(cache: CredentialCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "MAX_CACHED_CREDENTIALS", 3)

    for number in range(10):
        cache.put(f"token {number}", SOMEBODY, cache.generation)

    assert sum(cache.get(f"token {number}", MORNING) is not None for number in range(10)) <= 3
    assert cache.get("token 9", MORNING) is SOMEBODY.client
