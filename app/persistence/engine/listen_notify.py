"""What the server announces (NOTIFY), heard and said on one connection of the process for as long as it lives.

Whoever asked to hear a channel is told, too, when announcements may have been missed: when the connection is lost, and
when there is one again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.persistence.engine.connection_pool import APPLICATION_NAME, ConnectionPool
from app.persistence.engine.driver_types import AsyncpgConnection

# Said once a change is committed, by a connection of its own: a NOTIFY in the transaction of a writer would make all
# commits of the server queue.
CHANGED_CHANNEL = "something_changed"
WORKER_APPLICATION_NAME = "registrations-worker"  # by which the workers of a database are counted
NOTIFY_INTERVAL_SECONDS = 0.05  # between two of them: a busy process says once what would be said of each change
KEEPALIVE_SECONDS = 5.0  # how often a silent connection is asked whether it lives


@dataclass(frozen=True, slots=True)
class NotificationListener:
    """`heard` is given the text of each announcement on `channel`, a name of ours; `deaf` and `hearing` say when
    announcements begin to be missed, and when none is missed any more. All three must be quick: nobody waits for them.
    """

    channel: str
    on_notification: Callable[[str], None]
    on_connected: Callable[[], None]
    on_lost: Callable[[], None]


def set_on_notification(channel: str, event: asyncio.Event) -> NotificationListener:
    """Rings at each announcement, and whenever one may have been missed."""
    return NotificationListener(channel, lambda _: event.set(), event.set, event.set)


class NotificationConnection:
    """Hears for every ear, and tells CHANGED when `changed` is set; `listen` is for as long as the process
    serves. The server sees it under `name`.
    """

    def __init__(
        self, url: str, *ears: NotificationListener, changed: asyncio.Event | None = None, name: str = APPLICATION_NAME
    ) -> None:
        self._url = url
        self._listeners = ears
        self._changed = changed or asyncio.Event()
        self._name = name

    async def listen(self, turned: Callable[[], None] = lambda: None) -> None:
        """Until cancelled, or the connection is lost: to be called again. `turned` is called whenever it was found to
        live. Raise ConnectionError, and whatever the driver does."""
        pool = ConnectionPool(self._url, 1, name=self._name)
        try:
            async with pool.acquire() as pooled:
                await self._listen_on(pooled.connection, turned)
        finally:
            await pool.close()

    async def _listen_on(self, connection: AsyncpgConnection, turned: Callable[[], None]) -> None:
        connection.add_termination_listener(lambda _: self._changed.set())
        try:
            for ear in self._listeners:
                await connection.add_listener(ear.channel, self._callback_of(ear))
            for ear in self._listeners:
                ear.on_connected()
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
            for ear in self._listeners:
                ear.on_lost()
            connection.terminate()

    @staticmethod
    def _callback_of(listener: NotificationListener) -> Callable[[object, int, str, str], None]:
        return lambda _connection, _pid, _channel, text: listener.on_notification(text)


async def _is_set_within(seconds: float, event: asyncio.Event) -> bool:
    """Whether it happened in that time."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
