"""What the server announces (NOTIFY), heard on one connection of the process for as long as it lives.

Whoever asked to hear a channel is told, too, when announcements may have been missed: when the connection is lost, and
when there is one again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.persistence.driver import Driver
from app.persistence.failures import UNREACHABLE
from app.persistence.pool import Pool

PULSE_SECONDS = 5.0  # how often a silent connection is asked whether it lives
RETRY_SECONDS = 1.0

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.notices")


@dataclass(frozen=True, slots=True)
class Ear:
    """`heard` is given the text of each announcement on `channel`, a name of ours; `deaf` and `hearing` say when
    announcements begin to be missed, and when none is missed any more. All three must be quick: nobody waits for them.
    """

    channel: str
    heard: Callable[[str], None]
    hearing: Callable[[], None]
    deaf: Callable[[], None]


class Notices:
    """Hears for every ear; `listen` runs for as long as the process serves."""

    def __init__(self, url: str, *ears: Ear) -> None:
        self._url = url
        self._ears = ears

    async def listen(self) -> None:
        """Until cancelled; a connection that is lost is replaced."""
        pool = Pool(self._url, 1)
        try:
            while True:
                try:
                    async with pool.lend() as lent:
                        await self._hear(lent.connection)
                except UNREACHABLE as failure:
                    _LOG.warning("announcements are not heard", exc_info=failure)
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            await pool.close()

    async def _hear(self, connection: Driver) -> None:
        """Return, or raise, when the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for ear in self._ears:
                await connection.add_listener(ear.channel, self._said_to(ear))
            for ear in self._ears:
                ear.hearing()
            while not await _within(PULSE_SECONDS, lost):
                async with asyncio.timeout(PULSE_SECONDS):
                    await connection.execute("SELECT 1")
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
