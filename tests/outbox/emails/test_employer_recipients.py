"""E-mails go to the employer who can act, never to one whom the adviser has left; sent to a real mail server."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.facts.registration_terms import Attendance
from app.persistence.engine.database import Database
from app.use_cases.notifications.resend_email import resend
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.register_adviser import register
from tests.outbox.emails.smtp_server import messages_of, running_smtp_server, send_due_emails, without_tls
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.use_cases.use_case_builders import (
    PAST_DAY,
    a_contract,
    a_new_registration,
    a_request_context,
    an_adviser,
    change_contract,
    day,
    id_of,
    register_in,
)

Contract = dict[str, Any]
"""What an adviser's contract has of its own."""

TOWN_CONTRACT: Contract = {"employer_siret": "21350238800019", "employer_contact_email": "town@example.org"}
PRIVATE_CONTRACT: Contract = {"employer_siret": "35600000000048", "employer_contact_email": "house@example.org"}
UNFILED: Contract = {"ds_file_number": None, "contract_uploaded_on": None, "validated_on": None}


def ending_on(last: str, **others: Any) -> Contract:
    """The columns of a fixed-term contract."""
    return {"type": "CDD", "ends_on": day(last), **others}


def terminated_on(last: str, **others: Any) -> Contract:
    return {"terminated_on": day(last), **others}


def starting_on(first: str, **others: Any) -> Contract:
    return {"starts_on": day(first), **others}


async def _employers(database: Database) -> set[str]:
    """The employers that the mail server is asked to deliver to."""
    await place_waiting_events(database)
    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server), turns=2)
    return {*smtp_server.recipients} - {"camille@example.org", "la-mednum@example.org"}


async def _in_posts(database: Database, *posts: Contract) -> Any:
    adviser = await an_adviser(database)
    for post in posts:
        await a_contract(database, adviser, **post)
    return adviser


# Today is 2026-06-15, the session of 2026-09-08 to come.
REFUSED: Mapping[str, tuple[tuple[Contract, ...], set[str]]] = {
    "in post, a file to complete": ((TOWN_CONTRACT | UNFILED,), {"town@example.org"}),
    "a term that could be renewed": ((TOWN_CONTRACT | ending_on("2026-08-31"),), {"town@example.org"}),
    "left": ((TOWN_CONTRACT | terminated_on("2026-05-31"),), set()),
    "left today for good": ((TOWN_CONTRACT | terminated_on("2026-06-15"),), set()),
    "leaves before the session": ((TOWN_CONTRACT | terminated_on("2026-08-31"),), set()),
    "came to the end of a term": ((TOWN_CONTRACT | ending_on("2026-05-31"),), set()),
    "left for another employer": (
        (TOWN_CONTRACT | terminated_on("2026-05-31"), PRIVATE_CONTRACT | starting_on("2026-06-01") | UNFILED),
        {"house@example.org"},
    ),
    "left, with a better file, for a term that ends": (
        (
            TOWN_CONTRACT | terminated_on("2026-05-31"),
            PRIVATE_CONTRACT | UNFILED | starting_on("2026-06-01") | ending_on("2026-07-31"),
        ),
        {"house@example.org"},
    ),
    "will be elsewhere by then": (
        (TOWN_CONTRACT | ending_on("2026-08-31"), PRIVATE_CONTRACT | UNFILED | starting_on("2026-09-01")),
        {"house@example.org"},
    ),
    "will be recruited afterwards": ((PRIVATE_CONTRACT | starting_on("2026-10-01"),), {"house@example.org"}),
    "left, and will be recruited afterwards": (
        (TOWN_CONTRACT | terminated_on("2026-05-31"), PRIVATE_CONTRACT | starting_on("2026-10-01")),
        {"house@example.org"},
    ),
    "the same employer goes on": (
        (TOWN_CONTRACT | ending_on("2026-05-31"), TOWN_CONTRACT | UNFILED | starting_on("2026-06-01")),
        {"town@example.org"},
    ),
    "never in post": ((), set()),
}


@pytest.mark.parametrize("situation", REFUSED)
async def test_of_a_refusal_the_employer_that_can_act_is_told(database: Database, situation: str) -> None:
    posts, expected = REFUSED[situation]
    adviser = await _in_posts(database, *posts)

    assert (await register_in(database, adviser))["status"] == "refused"

    assert await _employers(database) == expected


# The session of 2026-05-12 is over.
MISSED: Mapping[str, tuple[tuple[Contract, ...], set[str]]] = {
    "still there": ((TOWN_CONTRACT,), {"town@example.org"}),
    "left since": ((TOWN_CONTRACT | terminated_on("2026-05-31"),), set()),
    "left since for another": (
        (TOWN_CONTRACT | terminated_on("2026-05-31"), PRIVATE_CONTRACT | starting_on("2026-06-01")),
        {"house@example.org"},
    ),
    "renewed since": (
        (TOWN_CONTRACT | ending_on("2026-05-31"), TOWN_CONTRACT | starting_on("2026-06-01")),
        {"town@example.org"},
    ),
}


@pytest.mark.parametrize("situation", MISSED)
async def test_an_absence_is_not_told_to_whom_the_adviser_left(database: Database, situation: str) -> None:
    posts, expected = MISSED[situation]
    adviser = await _in_posts(database, *posts)
    registration = id_of(await register_in(database, adviser, PAST_DAY))

    await mark_attendance(database, registration, AttendanceReport(Attendance.ABSENT_UNJUSTIFIED), a_request_context())

    assert await _employers(database) == expected


async def test_what_a_neighbour_says_of_a_departure_is_told_to_the_present_employer(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser, **TOWN_CONTRACT)
    await register_in(database, adviser)
    await a_contract(database, adviser, **PRIVATE_CONTRACT | UNFILED | starting_on("2026-06-11"))
    assert await _employers(database) == {"town@example.org"}  # of the acceptance

    await change_contract(database, contract, adviser, **TOWN_CONTRACT | terminated_on("2026-06-10"))

    assert await _employers(database) == {"house@example.org"}


async def test_nobody_is_told_when_there_is_none(database: Database) -> None:
    """No e-mail is created that could only fail for want of an address."""
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser, **TOWN_CONTRACT)
    await register_in(database, adviser)

    await change_contract(database, contract, adviser, **TOWN_CONTRACT | terminated_on("2026-06-10"))

    assert await _employers(database) == set()
    assert await messages_of(database, recipient="employer") == []


async def test_a_message_asked_for_again_goes_to_no_former_employer(database: Database) -> None:
    then = datetime(2024, 6, 15, 8, tzinfo=UTC)
    adviser = await _in_posts(database, TOWN_CONTRACT | UNFILED | ending_on("2024-12-31"))
    await register(
        database,
        replace(a_new_registration(adviser, day("2024-09-10")), requested_on=None),
        a_request_context(now=then),
    )
    assert await _employers(database) == {"town@example.org"}
    (message,) = await messages_of(database, recipient="employer")

    await resend(database, message["id"], a_request_context())

    assert await _employers(database) == set()
