"""The calendar file of a summons, as a mail reader gets it over SMTP: where it is in the message, and what it says."""

from collections.abc import Generator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from tests.api.registration_states import post_action
from tests.http_builders import a_contract, an_adviser, contract_body
from tests.live_server import LiveServer
from tests.outbox.emails.session_deeds import FIRST_DAY, LAST_DAY, TWO_DAYS, ask, change, emails_after, sent_emails
from tests.session_builders import a_session, register_in_session

ADVISER, EMPLOYER = "camille@example.org", "mairie@example.org"


@pytest.fixture
def admin(own_service: LiveServer) -> Generator[httpx.Client]:
    with own_service.client("admin") as client:
        yield client


def an_employed_adviser(client: httpx.Client) -> str:
    """Their employer can be written to."""
    adviser = an_adviser(client)
    a_contract(client, adviser, employer=contract_body(adviser)["employer"] | {"contact_email": EMPLOYER})
    return adviser


def received_by(service: LiveServer, address: str) -> list[EmailMessage]:
    """What a mail server got for this address of what was due, in the order of its sending."""
    emails_after(service.database_url)
    return [message for message in sent_emails(service.database_url).received if message["To"] == address]


def attached(message: EmailMessage) -> EmailMessage | None:
    found = [*message.iter_attachments()]
    assert len(found) <= 1
    return found[0] if found else None


def calendar_of(message: EmailMessage) -> tuple[str, list[Any]]:
    """The method and the events of the file, read by the library."""
    file = attached(message)
    assert file is not None
    content: Any = file.get_payload(decode=True)
    calendar: Any = Calendar.from_ical(content)
    assert str(calendar["METHOD"]) == file.get_param("method")
    return str(calendar["METHOD"]), [*calendar.walk("VEVENT")]


def days_of(events: list[Any]) -> list[tuple[str, str]]:
    return [(str(event.start.astimezone(UTC)) if isinstance(event.start, datetime) else str(event.start),
             str(event["STATUS"])) for event in events]  # fmt: skip


def a_convened_person(service: LiveServer, client: httpx.Client, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A confirmed session and a registration in it; everything so far was sent."""
    session = a_session(client, **TWO_DAYS | fields)
    registration = register_in_session(client, an_employed_adviser(client), session)
    ask(client, session, "confirmation")
    received_by(service, ADVISER)
    return session, registration


def test_it_is_attached_beside_the_letter(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_employed_adviser(admin), session)
    ask(admin, session, "confirmation")

    message = received_by(own_service, ADVISER)[-1]

    assert message.get_content_type() == "multipart/mixed"
    letter, file = message.iter_parts()
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert file.get_content_type() == "text/calendar"
    assert {name: file.get_param(name) for name in ("method", "charset")} == {"method": "PUBLISH", "charset": "utf-8"}
    assert (file.get_content_disposition(), file.get_filename()) == ("attachment", "convocation.ics")
    assert file["Content-Transfer-Encoding"] == "base64"
    assert (message["Content-Language"], file["Content-Language"]) == ("fr", None)
    assert "convocation.ics" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one


def test_no_line_of_the_message_or_of_the_file_is_too_long(own_service: LiveServer, admin: httpx.Client) -> None:
    place = {"name": "Médiathèque « L’Œuvre » ; salle 3, " + "é" * 150, "address": "10 cours des Alliés, 35000 Rennes"}
    session = a_session(admin, **TWO_DAYS, place=place)
    register_in_session(admin, an_employed_adviser(admin), session)
    ask(admin, session, "confirmation")

    message = received_by(own_service, ADVISER)[-1]

    assert max(map(len, message.as_bytes().splitlines())) <= 998
    file = attached(message)
    assert file is not None
    content: Any = file.get_payload(decode=True)
    assert max(map(len, content.split(b"\r\n"))) <= 75
    assert content.endswith(b"\r\n")
    assert str(calendar_of(message)[1][0]["LOCATION"]) == f"{place['name']}, {place['address']}"


def test_it_has_a_day_an_event_with_its_hours(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_employed_adviser(admin), session)
    ask(admin, session, "confirmation")
    messages = received_by(own_service, ADVISER)

    method, events = calendar_of(messages[-1])

    assert method == "PUBLISH"
    assert days_of(events) == [("2026-09-15 07:00:00+00:00", "CONFIRMED"), ("2026-09-16 07:00:00+00:00", "CONFIRMED")]
    assert [str(event.end.astimezone(UTC)) for event in events] == [
        "2026-09-15 15:00:00+00:00",
        "2026-09-16 10:00:00+00:00",
    ]
    assert {str(event["ORGANIZER"]) for event in events} == {"mailto:la-mednum@example.org"}
    assert all("ATTENDEE" not in event for event in events)
    assert all(attached(message) is None for message in messages[:-1])


def test_an_employer_tells_its_advisers_apart(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS)
    for _ in range(2):
        register_in_session(admin, an_employed_adviser(admin), session)
    ask(admin, session, "confirmation")

    files = [calendar_of(message)[1] for message in received_by(own_service, EMPLOYER) if attached(message)]

    assert len({str(event["UID"]) for events in files for event in events}) == 4
    assert {str(events[0]["SUMMARY"]).rpartition("(")[2] for events in files} == {"Camille Exemple)"}


def test_a_session_that_moves_takes_its_days_along_and_drops_the_others(
    own_service: LiveServer, admin: httpx.Client
) -> None:
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_employed_adviser(admin), session)
    ask(admin, session, "confirmation")
    _, before = calendar_of(received_by(own_service, ADVISER)[-1])
    change(admin, session, starts_on="2026-10-06", ends_on="2026-10-06", hours=[])

    (message,) = received_by(own_service, ADVISER)
    method, after = calendar_of(message)

    assert method == "PUBLISH"
    assert [str(event["UID"]) for event in after] == [str(event["UID"]) for event in before]
    assert days_of(after) == [("2026-10-06", "CONFIRMED"), ("2026-09-16 07:00:00+00:00", "CANCELLED")]
    assert all(new["SEQUENCE"] > old["SEQUENCE"] for new, old in zip(after, before, strict=True))
    assert all(new["DTSTAMP"].dt >= old["DTSTAMP"].dt for new, old in zip(after, before, strict=True))


def test_one_that_convened_nobody_yet_moves_without_a_file(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_employed_adviser(admin), session)
    received_by(own_service, ADVISER)
    change(admin, session, starts_on="2026-10-06", ends_on="2026-10-06", hours=[])

    (message,) = received_by(own_service, ADVISER)

    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    ("days", "method"),
    [
        pytest.param({}, "PUBLISH", id="of several days"),
        pytest.param({"ends_on": FIRST_DAY, "hours": []}, "CANCEL", id="of one day"),
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["the session", "the registration"])
def test_a_cancellation_takes_the_days_back(
    own_service: LiveServer,
    admin: httpx.Client,
    days: dict[str, Any],
    method: str,
    whole: bool,  # noqa: FBT001  # a parameter
) -> None:
    session, registration = a_convened_person(own_service, admin, **days)
    if whole:
        ask(admin, session, "cancellation")
    else:
        post_action(admin, registration, "cancellation").raise_for_status()

    (message,) = received_by(own_service, ADVISER)
    said, events = calendar_of(message)

    assert said == method
    assert {str(event["STATUS"]) for event in events} == {"CANCELLED"}
    assert {str(event["UID"]).rpartition("-")[0] for event in events} == {registration["id"]}
    assert all(event["SEQUENCE"] > registration["version"] for event in events)
    assert attached(message).get_filename() == "annulation.ics"  # type: ignore[union-attr]  # it has one


def test_a_session_that_convened_nobody_is_cancelled_without_a_file(
    own_service: LiveServer, admin: httpx.Client
) -> None:
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_employed_adviser(admin), session)
    ask(admin, session, "cancellation")

    assert [attached(message) for message in received_by(own_service, ADVISER)] == [None, None]


def test_who_is_refused_when_it_moves_has_the_days_taken_back(own_service: LiveServer, admin: httpx.Client) -> None:
    session, registration = a_convened_person(own_service, admin)
    (contract,) = admin.get("/v1/contracts", params={"adviser_id": registration["adviser_id"]}).json()["data"]
    ends = {"type": "CDD", "ends_on": LAST_DAY}
    admin.patch(f"/v1/contracts/{contract['id']}", json=ends, headers={"If-Match": "*"}).raise_for_status()
    change(admin, session, starts_on="2026-10-06", ends_on="2026-10-07", hours=[])

    emails_after(own_service.database_url)
    received = {message["To"]: message for message in sent_emails(own_service.database_url).received}

    for address in (ADVISER, EMPLOYER):
        assert {status for _, status in days_of(calendar_of(received[address])[1])} == {"CANCELLED"}


def test_the_mailbox_page_offers_it(own_service: LiveServer, admin: httpx.Client) -> None:
    own_service.service.has_mailbox = True
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_employed_adviser(admin), session)
    ask(admin, session, "confirmation")
    rows = emails_after(own_service.database_url)
    (convened,) = (row for row in rows if (row["type"], row["recipient"]) == ("session.confirmed", "adviser"))
    (accepted,) = (row for row in rows if (row["type"], row["recipient"]) == ("registration.accepted", "adviser"))

    page = admin.get(f"/mailbox/{convened['id']}")
    file = admin.get(f"/mailbox/{convened['id']}/calendar.ics")

    assert f'href="/mailbox/{convened["id"]}/calendar.ics"' in page.text
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert file.headers["Content-Disposition"] == 'attachment; filename="convocation.ics"'
    calendar: Any = Calendar.from_ical(file.content)
    assert len(calendar.walk("VEVENT")) == 2
    assert "calendar.ics" not in admin.get(f"/mailbox/{accepted['id']}").text
    assert admin.get(f"/mailbox/{accepted['id']}/calendar.ics").status_code == 404
