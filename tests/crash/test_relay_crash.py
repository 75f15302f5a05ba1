"""A relay killed at any step loses nothing; a receiver gets twice only what could not be settled."""

import asyncio
import os
import signal
from collections import Counter
from dataclasses import dataclass

import pytest

from app.persistence.engine.database import Database
from tests.crash.fork_server import ForkServer
from tests.crash.killing_proxy import KillingProxy, KillMoment, through_killing_proxy
from tests.outbox.emails.smtp_server import (
    OK,
    SmtpServer,
    messages_of,
    running_smtp_server,
    send_due_emails,
    without_tls,
)
from tests.outbox.webhooks.webhook_builders import all_deliveries, an_endpoint, expire_leases, relay_once
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Receiver, Reply, accept, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_events
from tests.samples import CRASH_ROUNDS

READING = r"FROM delivery d LEFT JOIN outbox"
SETTLING = r"state = 'delivered'"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a relay dies: at this statement, or at this point of the receiver. `received` is how often each delivery is
    received."""

    last: str | None = None
    moment: KillMoment = KillMoment.HEARD
    received: int = 1
    receiver: str | None = None


ROUND_ITS_CLAIM = {
    "before its claim is committed": Step(r"COMMIT$", KillMoment.NOT_HEARD),
    "after its claim is committed": Step(r"COMMIT$", KillMoment.HEARD),
}
ROUND_ITS_SETTLEMENT = {
    "sent, before it settles": Step(SETTLING, KillMoment.NOT_HEARD, received=2),
    "after it has settled": Step(SETTLING, KillMoment.HEARD),
}
WITH_WEBHOOKS = {
    **ROUND_ITS_CLAIM,
    "sent, before it is answered": Step(receiver="answer", received=2),
    **ROUND_ITS_SETTLEMENT,
}
WITH_E_MAILS = {
    **ROUND_ITS_CLAIM,
    "before it has read the letter": Step(READING, KillMoment.NOT_HEARD),
    "after it has read the letter": Step(READING, KillMoment.HEARD),
    "at MAIL": Step(receiver="to_sender"),
    "at RCPT": Step(receiver="to_recipient"),
    "at DATA, before it is answered": Step(receiver="to_message", received=2),
    **ROUND_ITS_SETTLEMENT,
}


async def exit_status_of_relay(
    forks: ForkServer, act: str, proxy: KillingProxy, receiver: Receiver | SmtpServer, step: Step, **told: object
) -> int:
    """The exit status of a relay that dies at this step."""
    victim = proxy.arm(step.last, step.moment)

    async def kill(_: ReceivedRequest | None = None) -> Reply | str:
        os.kill(await victim, signal.SIGKILL)
        return Reply() if isinstance(receiver, Receiver) else OK

    if step.receiver is not None:
        setattr(receiver, step.receiver, kill)
    victim.set_result(await forks.start(act, **told))
    status = await forks.wait_for_exit(victim.result())
    if step.receiver is not None:
        setattr(receiver, step.receiver, accept if isinstance(receiver, Receiver) else SmtpServer().to_message)
    await proxy.wait_until_idle()
    return status


@pytest.mark.parametrize("name", WITH_WEBHOOKS)
async def test_killed_at_any_step_it_loses_no_webhook(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], database: Database, name: str
) -> None:
    step, (url, proxy), events = WITH_WEBHOOKS[name], crash_proxy, list[str]()
    async with running_receiver() as receiver:
        await an_endpoint(database, receiver.url)
        for _ in range(CRASH_ROUNDS):
            events += [str(event) for event in await write_events(database)]
            await place_waiting_events(database)

            assert await exit_status_of_relay(forks, "deliver", proxy, receiver, step, url=url) == -signal.SIGKILL

            await expire_leases(database)
            await relay_once(database)
            assert {row["state"] for row in await all_deliveries(database)} == {"delivered"}

    assert Counter(receiver.ids) == dict.fromkeys(events, step.received)
    assert len({(one.id, one.body) for one in receiver.received}) == CRASH_ROUNDS


@pytest.mark.parametrize("name", WITH_E_MAILS)
async def test_killed_at_any_step_it_loses_no_over_quota_message(
    forks: ForkServer, advisers_over_quota: tuple[Database, str], name: str
) -> None:
    """SMTP has no way to take a message back, or to ask whether it was accepted."""
    step, (database, url) = WITH_E_MAILS[name], advisers_over_quota
    messages = [row["id"] for row in await messages_of(database)]
    async with running_smtp_server() as smtp_server, through_killing_proxy(url) as (through, proxy):
        for message in messages:
            await database.one("UPDATE delivery SET next_attempt_at = now() WHERE id = $1", message)

            status = await exit_status_of_relay(
                forks, "mail", proxy, smtp_server, step, url=through, port=smtp_server.port
            )

            assert status == -signal.SIGKILL
            await expire_leases(database)
            await send_due_emails(database, without_tls(smtp_server))
            assert [row["state"] for row in await messages_of(database, id=message)] == ["delivered"]

    assert len(messages) == CRASH_ROUNDS
    assert Counter(smtp_server.ids) == {f"<{message}@example.org>": step.received for message in messages}


async def test_left_alive_it_delivers(
    forks: ForkServer,
    crash_proxy: tuple[str, KillingProxy],
    database: Database,
    advisers_over_quota: tuple[Database, str],
) -> None:
    (url, proxy), (mailing, mail_url) = crash_proxy, advisers_over_quota
    await write_events(database)
    async with (
        running_receiver() as receiver,
        running_smtp_server() as smtp_server,
        through_killing_proxy(mail_url) as (through, mail_wire),
    ):
        await an_endpoint(database, receiver.url)
        await place_waiting_events(database)
        await mailing.one("UPDATE delivery SET next_attempt_at = now()")

        delivered = exit_status_of_relay(forks, "deliver", proxy, receiver, Step(), url=url)
        mailed_too = exit_status_of_relay(
            forks, "mail", mail_wire, smtp_server, Step(), url=through, port=smtp_server.port
        )

        assert [*await asyncio.gather(delivered, mailed_too)] == [0, 0]

    assert len(receiver.received) == 1
    assert len(smtp_server.received) == 4  # what one relay takes of a lane


async def test_red_run_settling_before_it_is_sent_loses_it(
    forks: ForkServer, advisers_over_quota: tuple[Database, str]
) -> None:
    step, (database, url) = WITH_E_MAILS["after it has settled"], advisers_over_quota
    await database.one("UPDATE delivery SET next_attempt_at = now()")
    async with running_smtp_server() as smtp_server, through_killing_proxy(url) as (through, proxy):
        await exit_status_of_relay(
            forks, "settle_then_mail", proxy, smtp_server, step, url=through, port=smtp_server.port
        )

    assert "delivered" in {row["state"] for row in await messages_of(database)}
    assert smtp_server.received == []
