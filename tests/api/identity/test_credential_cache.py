"""Who was recognised is remembered for no longer than a revocation could be missed."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.api.identity import credential_cache
from app.api.identity.credential_cache import Memory
from app.persistence.administration.clients import Client, Recognised, Role
from tests.fake_clock import MORNING

SOMEBODY = Recognised(Client(UUID(int=1), Role.PLATFORM, None), MORNING + timedelta(seconds=2))
KEY = "insc_…"


@pytest.fixture
def memory() -> Memory:
    """Of a process that hears."""
    made = Memory()
    made.ear.hearing()
    return made


def test_somebody_is_recognised_again(memory: Memory) -> None:
    memory.remember(KEY, SOMEBODY, memory.forgotten)

    assert memory.recall(KEY, MORNING) is SOMEBODY.client
    assert memory.recall("another", MORNING) is None


def test_but_not_after_the_key_has_expired(memory: Memory) -> None:
    memory.remember(KEY, SOMEBODY, memory.forgotten)

    assert memory.recall(KEY, MORNING + timedelta(seconds=2)) is None


def test_nor_for_long(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "REMEMBERED_SECONDS", 0.0)

    memory.remember(KEY, SOMEBODY, memory.forgotten)

    assert memory.recall(KEY, MORNING) is None


def test_nor_after_anybody_was_revoked(memory: Memory) -> None:
    memory.remember(KEY, SOMEBODY, memory.forgotten)

    memory.ear.heard("")

    assert memory.recall(KEY, MORNING) is None


def test_what_was_looked_up_before_a_revocation_is_not_remembered_after_it(memory: Memory) -> None:
    began = memory.forgotten
    memory.ear.heard("")

    memory.remember(KEY, SOMEBODY, began)

    assert memory.recall(KEY, MORNING) is None


def test_a_process_that_does_not_hear_remembers_nobody(memory: Memory) -> None:
    memory.remember(KEY, SOMEBODY, memory.forgotten)
    memory.ear.deaf()
    forgotten = memory.recall(KEY, MORNING)

    memory.remember(KEY, SOMEBODY, memory.forgotten)

    assert (forgotten, memory.recall(KEY, MORNING)) == (None, None)


def test_what_was_looked_up_before_it_heard_again_is_not_remembered(memory: Memory) -> None:
    memory.ear.deaf()
    began = memory.forgotten
    memory.ear.hearing()

    memory.remember(KEY, SOMEBODY, began)

    assert memory.recall(KEY, MORNING) is None


def test_it_does_not_grow_for_ever(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "MOST_REMEMBERED", 3)

    for number in range(10):
        memory.remember(f"token {number}", SOMEBODY, memory.forgotten)

    assert sum(memory.recall(f"token {number}", MORNING) is not None for number in range(10)) <= 3
    assert memory.recall("token 9", MORNING) is SOMEBODY.client
