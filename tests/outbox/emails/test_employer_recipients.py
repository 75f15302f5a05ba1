"""The employer who is written to can act: never one whom the adviser has left. Real e-mails, where they arrive."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.facts.registration import Attendance
from app.persistence.engine.database import Database
from app.use_cases.notifications.resend_email import resend
from app.use_cases.registrations.record_attendance import attend
from tests.outbox.emails.smtp_server import an_office, mailed, messages_of, plainly
from tests.persistence.outbox.event_builders import placed
from tests.use_cases.use_case_builders import (
    PAST_DAY,
    a_contract,
    an_adviser,
    asking,
    change_contract,
    day,
    id_of,
    registered,
)

Post = dict[str, Any]
"""What an adviser's contract has of its own."""

TOWN: Post = {"employer_siret": "21350238800019", "employer_contact_email": "town@example.org"}
HOUSE: Post = {"employer_siret": "35600000000048", "employer_contact_email": "house@example.org"}
UNFILED: Post = {"ds_file_number": None, "contract_uploaded_on": None, "validated_on": None}


def until(last: str, **others: Any) -> Post:
    """A fixed term."""
    return {"type": "CDD", "ends_on": day(last), **others}


def broken(last: str, **others: Any) -> Post:
    return {"terminated_on": day(last), **others}


def since(first: str, **others: Any) -> Post:
    return {"starts_on": day(first), **others}


async def _employers(database: Database) -> set[str]:
    """Those that a mail server is asked to deliver to."""
    await placed(database)
    async with an_office() as office:
        await mailed(database, plainly(office), turns=2)
    return {*office.addressed} - {"camille@example.org", "la-mednum@example.org"}


async def _in_posts(database: Database, *posts: Post) -> Any:
    adviser = await an_adviser(database)
    for post in posts:
        await a_contract(database, adviser, **post)
    return adviser


# Today is 2026-06-15, the session of 2026-09-08 to come.
REFUSED: Mapping[str, tuple[tuple[Post, ...], set[str]]] = {
    "in post, a file to complete": ((TOWN | UNFILED,), {"town@example.org"}),
    "a term that could be renewed": ((TOWN | until("2026-08-31"),), {"town@example.org"}),
    "left": ((TOWN | broken("2026-05-31"),), set()),
    "left today for good": ((TOWN | broken("2026-06-15"),), set()),
    "leaves before the session": ((TOWN | broken("2026-08-31"),), set()),
    "came to the end of a term": ((TOWN | until("2026-05-31"),), set()),
    "left for another employer": (
        (TOWN | broken("2026-05-31"), HOUSE | since("2026-06-01") | UNFILED),
        {"house@example.org"},
    ),
    "left, with a better file, for a term that ends": (
        (TOWN | broken("2026-05-31"), HOUSE | UNFILED | since("2026-06-01") | until("2026-07-31")),
        {"house@example.org"},
    ),
    "will be elsewhere by then": (
        (TOWN | until("2026-08-31"), HOUSE | UNFILED | since("2026-09-01")),
        {"house@example.org"},
    ),
    "will be recruited afterwards": ((HOUSE | since("2026-10-01"),), {"house@example.org"}),
    "left, and will be recruited afterwards": (
        (TOWN | broken("2026-05-31"), HOUSE | since("2026-10-01")),
        {"house@example.org"},
    ),
    "the same employer goes on": (
        (TOWN | until("2026-05-31"), TOWN | UNFILED | since("2026-06-01")),
        {"town@example.org"},
    ),
    "never in post": ((), set()),
}


@pytest.mark.parametrize("situation", REFUSED)
async def test_of_a_refusal_the_employer_that_can_act_is_told(database: Database, situation: str) -> None:
    posts, expected = REFUSED[situation]
    adviser = await _in_posts(database, *posts)

    assert (await registered(database, adviser))["status"] == "refused"

    assert await _employers(database) == expected


# The session of 2026-05-12 is over.
MISSED: Mapping[str, tuple[tuple[Post, ...], set[str]]] = {
    "still there": ((TOWN,), {"town@example.org"}),
    "left since": ((TOWN | broken("2026-05-31"),), set()),
    "left since for another": ((TOWN | broken("2026-05-31"), HOUSE | since("2026-06-01")), {"house@example.org"}),
    "renewed since": ((TOWN | until("2026-05-31"), TOWN | since("2026-06-01")), {"town@example.org"}),
}


@pytest.mark.parametrize("situation", MISSED)
async def test_an_absence_is_not_told_to_whom_the_adviser_left(database: Database, situation: str) -> None:
    posts, expected = MISSED[situation]
    adviser = await _in_posts(database, *posts)
    registration = id_of(await registered(database, adviser, PAST_DAY))

    await attend(database, registration, Attendance.ABSENT_UNJUSTIFIED, None, asking())

    assert await _employers(database) == expected


async def test_what_a_neighbour_says_of_a_departure_is_told_to_the_present_employer(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser, **TOWN)
    await registered(database, adviser)
    await a_contract(database, adviser, **HOUSE | UNFILED | since("2026-06-11"))
    assert await _employers(database) == set()

    await change_contract(database, contract, adviser, **TOWN | broken("2026-06-10"))

    assert await _employers(database) == {"house@example.org"}


async def test_nobody_is_told_when_there_is_none(database: Database) -> None:
    """No message is made that could only die for want of an address."""
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser, **TOWN)
    await registered(database, adviser)

    await change_contract(database, contract, adviser, **TOWN | broken("2026-06-10"))

    assert await _employers(database) == set()
    assert await messages_of(database, recipient="employer") == []


async def test_a_message_asked_for_again_goes_to_no_former_employer(database: Database) -> None:
    then = datetime(2024, 6, 15, 8, tzinfo=UTC)
    adviser = await _in_posts(database, TOWN | UNFILED | until("2024-12-31"))
    await registered(database, adviser, day("2024-09-10"), asked=asking(now=then))
    assert await _employers(database) == {"town@example.org"}
    (message,) = await messages_of(database, recipient="employer")

    await resend(database, message["id"], asking())

    assert await _employers(database) == set()
