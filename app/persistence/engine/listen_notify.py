"""What the server announces (NOTIFY), heard and said on one connection of the process for as long as it lives.

Whoever asked to hear a channel is told, too, when announcements may have been missed: when the connection is lost, and
when there is one again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.persistence.engine.connection_pool import NAME, Pool
from app.persistence.engine.driver_types import Driver

# Said once a change is committed, by a connection of its own: a NOTIFY in the transaction of a writer would make all
# commits of the server queue.
CHANGED = "something_changed"
WORKER = "registrations-worker"  # by which the workers of a database are counted
APART_SECONDS = 0.05  # between two of them: a busy process says once what would be said of each change
PULSE_SECONDS = 5.0  # how often a silent connection is asked whether it lives


@dataclass(frozen=True, slots=True)
class Ear:
    """`heard` is given the text of each announcement on `channel`, a name of ours; `deaf` and `hearing` say when
    announcements begin to be missed, and when none is missed any more. All three must be quick: nobody waits for them.
    """

    channel: str
    heard: Callable[[str], None]
    hearing: Callable[[], None]
    deaf: Callable[[], None]


def ringing(channel: str, bell: asyncio.Event) -> Ear:
    """Rings at each announcement, and whenever one may have been missed."""
    return Ear(channel, lambda _: bell.set(), bell.set, bell.set)


class Notices:
    """Hears for every ear, and tells CHANGED when `changed` is set; `listen` is for as long as the process
    serves. The server sees it under `name`.
    """

    def __init__(self, url: str, *ears: Ear, changed: asyncio.Event | None = None, name: str = NAME) -> None:
        self._url = url
        self._ears = ears
        self._changed = changed or asyncio.Event()
        self._name = name

    async def listen(self, turned: Callable[[], None] = lambda: None) -> None:
        """Until cancelled, or the connection is lost: to be called again. `turned` is called whenever it was found to
        live. Raise ConnectionError, and whatever the driver does."""
        pool = Pool(self._url, 1, name=self._name)
        try:
            async with pool.lend() as lent:
                await self._hear(lent.connection, turned)
        finally:
            await pool.close()

    async def _hear(self, connection: Driver, turned: Callable[[], None]) -> None:
        connection.add_termination_listener(lambda _: self._changed.set())
        try:
            for ear in self._ears:
                await connection.add_listener(ear.channel, self._said_to(ear))
            for ear in self._ears:
                ear.hearing()
            while True:
                turned()
                changed = await _within(PULSE_SECONDS, self._changed)
                self._changed.clear()
                if connection.is_closed():
                    raise ConnectionResetError
                async with asyncio.timeout(PULSE_SECONDS):
                    await connection.execute(f"NOTIFY {CHANGED}" if changed else "SELECT 1")
                await asyncio.sleep(APART_SECONDS)
        finally:
            for ear in self._ears:
                ear.deaf()
            connection.terminate()

    @staticmethod
    def _said_to(ear: Ear) -> Callable[[object, int, str, str], None]:
        return lambda _connection, _pid, _channel, text: ear.heard(text)


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Whether it happened in that time."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
