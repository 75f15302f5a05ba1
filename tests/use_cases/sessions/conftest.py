"""Every test of this folder watches the order of locks: whatever it does with sessions, advisers are locked first."""

import pytest

from tests.use_cases.sessions.lock_order_guard import guard_lock_order


@pytest.fixture
async def database_url(database_url: str) -> str:
    await guard_lock_order(database_url)
    return database_url
