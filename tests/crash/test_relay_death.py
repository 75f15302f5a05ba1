"""A relay killed at any step loses nothing; a receiver gets twice only what it took from one that could not note it."""

import asyncio
import os
import signal
from collections import Counter
from dataclasses import dataclass

import pytest

from app.persistence.database import Database
from tests.crash.nursery import Nursery
from tests.crash.wire import Moment, Wire, wired
from tests.messages.post import OK, Office, an_office, mailed, messages_of, plainly
from tests.outbox.posting import all_deliveries, an_endpoint, leases_end, one_turn
from tests.outbox.receiver import Received, Receiver, Reply, receiving, thanks
from tests.persistence.telling import placed, told
from tests.samples import CRASH_ROUNDS

READING = r"FROM delivery d LEFT JOIN outbox"
SETTLING = r"state = 'delivered'"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a relay dies: as it says this to the database, or when the receiver comes to this. `received` is how often
    each delivery is received."""

    last: str | None = None
    moment: Moment = Moment.HEARD
    received: int = 1
    receiver: str | None = None


ROUND_ITS_CLAIM = {
    "before its claim is committed": Step(r"COMMIT$", Moment.NOT_HEARD),
    "after its claim is committed": Step(r"COMMIT$", Moment.HEARD),
}
ROUND_ITS_SETTLEMENT = {
    "sent, before it settles": Step(SETTLING, Moment.NOT_HEARD, received=2),
    "after it has settled": Step(SETTLING, Moment.HEARD),
}
WITH_WEBHOOKS = {
    **ROUND_ITS_CLAIM,
    "sent, before it is answered": Step(receiver="answer", received=2),
    **ROUND_ITS_SETTLEMENT,
}
WITH_E_MAILS = {
    **ROUND_ITS_CLAIM,
    "before it has read the letter": Step(READING, Moment.NOT_HEARD),
    "after it has read the letter": Step(READING, Moment.HEARD),
    "at MAIL": Step(receiver="to_sender"),
    "at RCPT": Step(receiver="to_recipient"),
    "at DATA, before it is answered": Step(receiver="to_message", received=2),
    **ROUND_ITS_SETTLEMENT,
}


async def ended(born: Nursery, act: str, wire: Wire, receiver: Receiver | Office, step: Step, **told: object) -> int:
    """The status with which a relay ends that dies at this step."""
    victim = wire.set(step.last, step.moment)

    async def kill(_: Received | None = None) -> Reply | str:
        os.kill(await victim, signal.SIGKILL)
        return Reply() if isinstance(receiver, Receiver) else OK

    if step.receiver is not None:
        setattr(receiver, step.receiver, kill)
    victim.set_result(await born.start(act, **told))
    status = await born.ended(victim.result())
    if step.receiver is not None:
        setattr(receiver, step.receiver, thanks if isinstance(receiver, Receiver) else Office().to_message)
    await wire.silent()
    return status


@pytest.mark.parametrize("name", WITH_WEBHOOKS)
async def test_killed_at_any_step_it_loses_no_webhook(
    born: Nursery, through_wire: tuple[str, Wire], database: Database, name: str
) -> None:
    step, (url, wire), events = WITH_WEBHOOKS[name], through_wire, list[str]()
    async with receiving() as receiver:
        await an_endpoint(database, receiver.url)
        for _ in range(CRASH_ROUNDS):
            events += [str(event) for event in await told(database)]
            await placed(database)

            assert await ended(born, "deliver", wire, receiver, step, url=url) == -signal.SIGKILL

            await leases_end(database)
            await one_turn(database)
            assert {row["state"] for row in await all_deliveries(database)} == {"delivered"}

    assert Counter(receiver.ids) == dict.fromkeys(events, step.received)
    assert len({(one.id, one.body) for one in receiver.received}) == CRASH_ROUNDS


@pytest.mark.parametrize("name", WITH_E_MAILS)
async def test_killed_at_any_step_it_loses_no_over_quota_message(
    born: Nursery, advisers_over_quota: tuple[Database, str], name: str
) -> None:
    """SMTP knows no way to take a message back, or to ask whether it was taken."""
    step, (database, url) = WITH_E_MAILS[name], advisers_over_quota
    messages = [row["id"] for row in await messages_of(database)]
    async with an_office() as office, wired(url) as (through, wire):
        for message in messages:
            await database.one("UPDATE delivery SET next_attempt_at = now() WHERE id = $1", message)

            status = await ended(born, "mail", wire, office, step, url=through, port=office.port)

            assert status == -signal.SIGKILL
            await leases_end(database)
            await mailed(database, plainly(office))
            assert [row["state"] for row in await messages_of(database, id=message)] == ["delivered"]

    assert len(messages) == CRASH_ROUNDS
    assert Counter(office.ids) == {f"<{message}@example.org>": step.received for message in messages}


async def test_left_alive_it_delivers(
    born: Nursery, through_wire: tuple[str, Wire], database: Database, advisers_over_quota: tuple[Database, str]
) -> None:
    (url, wire), (mailing, mail_url) = through_wire, advisers_over_quota
    await told(database)
    async with receiving() as receiver, an_office() as office, wired(mail_url) as (through, mail_wire):
        await an_endpoint(database, receiver.url)
        await placed(database)
        await mailing.one("UPDATE delivery SET next_attempt_at = now()")

        delivered = ended(born, "deliver", wire, receiver, Step(), url=url)
        mailed_too = ended(born, "mail", mail_wire, office, Step(), url=through, port=office.port)

        assert [*await asyncio.gather(delivered, mailed_too)] == [0, 0]

    assert len(receiver.received) == 1
    assert len(office.received) == 4  # what one relay takes of a lane


async def test_red_run_settling_before_it_is_sent_loses_it(
    born: Nursery, advisers_over_quota: tuple[Database, str]
) -> None:
    step, (database, url) = WITH_E_MAILS["after it has settled"], advisers_over_quota
    await database.one("UPDATE delivery SET next_attempt_at = now()")
    async with an_office() as office, wired(url) as (through, wire):
        await ended(born, "settle_then_mail", wire, office, step, url=through, port=office.port)

    assert "delivered" in {row["state"] for row in await messages_of(database)}
    assert office.received == []
