"""LISTEN and NOTIFY on one connection of the process, for as long as it lives.

A listener is also told when notifications may have been missed: when the connection is lost, and when there is one
again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.persistence.engine.connection_pool import APPLICATION_NAME, ConnectionPool
from app.persistence.engine.driver_types import AsyncpgConnection

# Sent once a change is committed, on a connection of its own: a NOTIFY in the transaction of a writer would make all
# commits of the server queue.
CHANGED_CHANNEL = "something_changed"
WORKER_APPLICATION_NAME = "registrations-worker"  # by which the workers of a database are counted
NOTIFY_INTERVAL_SECONDS = 0.05  # between two of them: a busy process sends one for many changes
KEEPALIVE_SECONDS = 5.0  # how often an idle connection is checked


@dataclass(frozen=True, slots=True)
class NotificationListener:
    """Callbacks for one channel: `on_notification` gets the payload of each notification; `on_lost` says that
    notifications are missed from now on, `on_connected` that none is missed any more. All three must be quick: they
    run on the event loop.
    """

    channel: str
    on_notification: Callable[[str], None]
    on_connected: Callable[[], None]
    on_lost: Callable[[], None]


def set_on_notification(channel: str, event: asyncio.Event) -> NotificationListener:
    """A listener that sets the event at each notification, and whenever one may have been missed."""
    return NotificationListener(channel, lambda _: event.set(), event.set, event.set)


class NotificationConnection:
    """Calls its listeners, and notifies CHANGED_CHANNEL when `changed` is set. `name` is its application name."""

    def __init__(
        self,
        url: str,
        *listeners: NotificationListener,
        changed: asyncio.Event | None = None,
        name: str = APPLICATION_NAME,
    ) -> None:
        self._url = url
        self._listeners = listeners
        self._changed = changed or asyncio.Event()
        self._name = name

    async def listen(self, turned: Callable[[], None] = lambda: None) -> None:
        """Listen until cancelled or the connection is lost; then call it again. `turned` is called whenever the
        connection was found to live. Raise ConnectionError, and what the driver does."""
        pool = ConnectionPool(self._url, 1, name=self._name)
        try:
            async with pool.acquire() as pooled:
                await self._listen_on(pooled.connection, turned)
        finally:
            await pool.close()

    async def _listen_on(self, connection: AsyncpgConnection, turned: Callable[[], None]) -> None:
        connection.add_termination_listener(lambda _: self._changed.set())
        try:
            for listener in self._listeners:
                await connection.add_listener(listener.channel, self._callback_of(listener))
            for listener in self._listeners:
                listener.on_connected()
            while True:
                turned()
                changed = await _is_set_within(KEEPALIVE_SECONDS, self._changed)
                self._changed.clear()
                if connection.is_closed():
                    raise ConnectionResetError
                async with asyncio.timeout(KEEPALIVE_SECONDS):
                    await connection.execute(f"NOTIFY {CHANGED_CHANNEL}" if changed else "SELECT 1")
                await asyncio.sleep(NOTIFY_INTERVAL_SECONDS)
        finally:
            for listener in self._listeners:
                listener.on_lost()
            connection.terminate()

    @staticmethod
    def _callback_of(listener: NotificationListener) -> Callable[[object, int, str, str], None]:
        return lambda _connection, _pid, _channel, text: listener.on_notification(text)


async def _is_set_within(seconds: float, event: asyncio.Event) -> bool:
    """Whether the event is set within that time."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
