"""Who was recognised is remembered for no longer than a revocation could be missed."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.api.identity import credential_cache
from app.api.identity.credential_cache import CredentialCache
from app.persistence.administration.clients import Client, Recognised, Role
from tests.fake_clock import MORNING

SOMEBODY = Recognised(Client(UUID(int=1), Role.PLATFORM, None), MORNING + timedelta(seconds=2))
KEY = "insc_…"


@pytest.fixture
def memory() -> CredentialCache:
    """Of a process that hears."""
    made = CredentialCache()
    made.listener.hearing()
    return made


def test_somebody_is_recognised_again(memory: CredentialCache) -> None:
    memory.put(KEY, SOMEBODY, memory.generation)

    assert memory.get(KEY, MORNING) is SOMEBODY.client
    assert memory.get("another", MORNING) is None


def test_but_not_after_the_key_has_expired(memory: CredentialCache) -> None:
    memory.put(KEY, SOMEBODY, memory.generation)

    assert memory.get(KEY, MORNING + timedelta(seconds=2)) is None


def test_nor_for_long(memory: CredentialCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "CACHE_SECONDS", 0.0)

    memory.put(KEY, SOMEBODY, memory.generation)

    assert memory.get(KEY, MORNING) is None


def test_nor_after_anybody_was_revoked(memory: CredentialCache) -> None:
    memory.put(KEY, SOMEBODY, memory.generation)

    memory.listener.heard("")

    assert memory.get(KEY, MORNING) is None


def test_what_was_looked_up_before_a_revocation_is_not_remembered_after_it(memory: CredentialCache) -> None:
    began = memory.generation
    memory.listener.heard("")

    memory.put(KEY, SOMEBODY, began)

    assert memory.get(KEY, MORNING) is None


def test_a_process_that_does_not_hear_remembers_nobody(memory: CredentialCache) -> None:
    memory.put(KEY, SOMEBODY, memory.generation)
    memory.listener.deaf()
    forgotten = memory.get(KEY, MORNING)

    memory.put(KEY, SOMEBODY, memory.generation)

    assert (forgotten, memory.get(KEY, MORNING)) == (None, None)


def test_what_was_looked_up_before_it_heard_again_is_not_remembered(memory: CredentialCache) -> None:
    memory.listener.deaf()
    began = memory.generation
    memory.listener.hearing()

    memory.put(KEY, SOMEBODY, began)

    assert memory.get(KEY, MORNING) is None


def test_it_does_not_grow_for_ever(memory: CredentialCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "MAX_CACHED_CREDENTIALS", 3)

    for number in range(10):
        memory.put(f"token {number}", SOMEBODY, memory.generation)

    assert sum(memory.get(f"token {number}", MORNING) is not None for number in range(10)) <= 3
    assert memory.get("token 9", MORNING) is SOMEBODY.client
