"""The identity of an anonymised adviser is nowhere any more, and everything else is as it was."""

import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx
import pytest

from app.embedded.cluster import Cluster
from app.persistence.engine.database import Database, open_database
from app.seed.published_catalogue import HISTYA
from tests.api.registration_states import post_action
from tests.api.response_assertions import documented_body, expect_problem
from tests.http_builders import adviser_body, contract_body, registration_body
from tests.live_server import LiveServer, idempotency_headers
from tests.log_capture import LOG_FOLDER, SUITE_LOG
from tests.outbox.emails.smtp_server import SmtpServer, running_smtp_server, send_due_emails, without_tls
from tests.outbox.webhooks.webhook_builders import an_endpoint, relay_once
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Reply, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.advisers.adviser_with_everything import (
    CONUM_ID,
    FIRST_NAME,
    MARKERS,
    PERSONAL_TEXT,
    adviser_with_everything,
    markers_in,
)

COUNTED = "SELECT count(*), count(unit), count(funding), sum(positioning_hours), max(requested_on) FROM registration"
LEDGER = "SELECT id, status, funding, payer, unit, session_starts_on FROM registration ORDER BY id"
EVIDENCE = "SELECT id, outcome, reasons::text, facts::text, decided_at FROM decision ORDER BY id"


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """The service before and after an erasure; `dumps` are the whole database as `pg_dump` writes it."""

    served: LiveServer
    database: Database
    office: SmtpServer
    adviser: str
    tag: str
    erased: httpx.Response
    dumps: tuple[str, str]
    kept: tuple[list[Any], list[Any]]


def dumped(cluster: Cluster, url: str) -> str:
    program = cluster.binaries / "pg_dump"
    if not program.is_file():
        pytest.skip(f"{program} is missing: `apt-get install postgresql-client`")
    parts = urlsplit(url)
    named = urlunsplit(parts._replace(query="sslmode=disable"))
    return subprocess.run([program, "--dbname", named], check=True, capture_output=True, text=True).stdout


async def kept(database: Database) -> list[Any]:
    return [[tuple(row.values()) for row in await database.many(sql)] for sql in (COUNTED, LEDGER, EVIDENCE)]


async def _echo(_: ReceivedRequest) -> Reply:
    return Reply(200, body=f"Merci, {PERSONAL_TEXT}".encode())


async def _told(database: Database, smtp_server: SmtpServer) -> None:
    """Sequence and deliver every event so far, as webhook and as e-mail."""
    await place_waiting_events(database)
    await relay_once(database)
    while await send_due_emails(database, without_tls(smtp_server)):
        pass


@pytest.fixture(scope="module")
async def before_and_after(cluster: Cluster, module_service: LiveServer) -> AsyncGenerator[BeforeAndAfter]:
    database = open_database(module_service.database_url, pool_size=4)
    with module_service.client("platform") as platform, module_service.client("admin") as admin:
        async with running_smtp_server() as smtp_server, running_receiver(_echo) as receiver:
            await an_endpoint(database, receiver.url)
            with module_service.client("training_organisation") as organisation:
                adviser = adviser_with_everything(platform, organisation, admin)
            await _told(database, smtp_server)
            late = registration_body(adviser, starts_on="2026-12-01", module_code="handicap")
            platform.post("/v1/registrations", json=late, headers=idempotency_headers()).raise_for_status()
            await place_waiting_events(database)
            before, dump = await kept(database), dumped(cluster, module_service.database_url)
            tag = platform.get(f"/v1/advisers/{adviser}").headers["ETag"]
            erased = platform.delete(f"/v1/advisers/{adviser}", headers={"If-Match": tag})
            after, dump_after = await kept(database), dumped(cluster, module_service.database_url)
            yield BeforeAndAfter(
                module_service, database, smtp_server, adviser, tag, erased, (dump, dump_after), (before, after)
            )
    await database.close()


def test_it_is_answered_with_nothing(before_and_after: BeforeAndAfter) -> None:
    assert (before_and_after.erased.status_code, before_and_after.erased.content) == (204, b"")


def test_no_dump_of_the_database_names_the_person_any_more(before_and_after: BeforeAndAfter) -> None:
    before, after = before_and_after.dumps

    assert markers_in(before) == {*MARKERS}
    assert [line for line in after.splitlines() if markers_in(line)] == []


def test_nor_does_any_log(before_and_after: BeforeAndAfter) -> None:
    del before_and_after
    SUITE_LOG.flush()
    books = [path.read_text(encoding="utf-8", errors="replace") for path in LOG_FOLDER.glob("*.log")]

    assert any("anonymise" in book or "/v1/advisers/{adviser_id}" in book for book in books)
    assert [book for book in books if markers_in(book)] == []


def test_ledgers_decisions_and_counts_are_what_they_were(before_and_after: BeforeAndAfter) -> None:
    before, after = before_and_after.kept

    assert after == before
    assert all(before)


async def test_every_decision_still_replays(before_and_after: BeforeAndAfter) -> None:
    assert len(await assert_every_decision_replays(before_and_after.database)) > 5


def test_the_person_reads_as_nobody(before_and_after: BeforeAndAfter) -> None:
    with before_and_after.served.client("platform") as platform:
        read = documented_body(platform.get(f"/v1/advisers/{before_and_after.adviser}"), "getAdviser")
        contracts = platform.get("/v1/contracts", params={"adviser_id": before_and_after.adviser}).json()["data"]
        registrations = platform.get("/v1/registrations", params={"adviser_id": before_and_after.adviser}).json()[
            "data"
        ]
        record = platform.get(f"/v1/advisers/{before_and_after.adviser}/training-record")

    identity = ("conum_id", "first_name", "last_name", "email")
    assert [read[name] for name in identity] == [None] * 4
    assert (read["anonymised_at"], read["department"], read["version"]) == ("2026-06-15T08:30:00Z", "35", 3)
    assert {item["employer"]["name"] for item in contracts} == {"(effacé)"}
    assert {item["session"]["place"] for item in registrations} == {None}
    assert documented_body(record, "getTrainingRecord")["in_post"]["value"]


def test_whoever_had_read_something_that_changed_reads_it_again(before_and_after: BeforeAndAfter) -> None:
    with before_and_after.served.client("platform") as platform:
        path = f"/v1/advisers/{before_and_after.adviser}"
        assert platform.get(path, headers={"If-None-Match": before_and_after.tag}).status_code == 200
        assert all(item["version"] > 1 for item in platform.get("/v1/contracts").json()["data"])


def test_organisations_that_registered_the_person_are_told_by_ids(before_and_after: BeforeAndAfter) -> None:
    told: dict[str, dict[str, Any]] = {}
    for role in ("platform", "training_organisation"):
        with before_and_after.served.client(role) as client:
            (told[role],) = client.get("/v1/events", params={"types": "adviser.*"}).json()["data"]

    event = told["training_organisation"]
    assert event["subject"] == {"type": "adviser", "id": before_and_after.adviser, "version": 3}
    assert event["data"] == {"anonymised_on": "2026-06-15"}
    assert told["platform"]["id"] == event["id"]


def test_the_others_are_not(before_and_after: BeforeAndAfter) -> None:
    with before_and_after.served.client("admin") as admin:
        made = {"name": "Histya", "role": "training_organisation", "training_organisation_id": str(HISTYA)}
        secret = admin.post("/v1/api-keys", json=made).raise_for_status().json()["secret"]
    with httpx.Client(
        base_url=before_and_after.served.base_url, headers={"Authorization": f"Bearer {secret}"}
    ) as histya:
        assert histya.get("/v1/events", params={"types": "adviser.*"}).json()["data"] == []


async def test_what_waited_to_be_sent_is_sent_to_nobody(before_and_after: BeforeAndAfter) -> None:
    skipped = await before_and_after.database.many(
        "SELECT 1 FROM delivery WHERE channel = 'email' AND state = 'skipped'"
    )
    received = len(before_and_after.office.received)

    await place_waiting_events(before_and_after.database)
    await send_due_emails(before_and_after.database, without_tls(before_and_after.office), turns=3)

    assert len(skipped) == 3
    assert len(before_and_after.office.received) == received
    assert any(FIRST_NAME in str(message) for message in before_and_after.office.received)


def test_nothing_about_the_person_changes_any_more(before_and_after: BeforeAndAfter) -> None:
    with before_and_after.served.client("admin") as admin:
        registration = admin.get("/v1/registrations", params={"adviser_id": before_and_after.adviser}).json()["data"][0]
        contract = admin.get("/v1/contracts", params={"adviser_id": before_and_after.adviser}).json()["data"][0]
        path, latest = f"/v1/advisers/{before_and_after.adviser}", {"If-Match": "*"}
        command = registration_body(before_and_after.adviser, starts_on="2026-12-15")
        result = {
            "adviser_id": before_and_after.adviser,
            "qualification": "pix",
            "outcome": "obtained",
            "on": "2026-06-10",
        }
        report = {"bucket": "civil_year:2026", "motive": PERSONAL_TEXT}
        answers = [
            admin.put(path, json=adviser_body(conum_id=CONUM_ID), headers=latest),
            admin.patch(path, json={"first_name": FIRST_NAME}, headers=latest),
            admin.post("/v1/registrations", json=command, headers=idempotency_headers()),
            admin.post("/v1/registrations/preview", json=command),
            admin.post("/v1/contracts", json=contract_body(before_and_after.adviser), headers=idempotency_headers()),
            admin.put(f"/v1/contracts/{contract['id']}", json=contract_body(before_and_after.adviser), headers=latest),
            admin.patch(f"/v1/contracts/{contract['id']}", json={"termination_motive": PERSONAL_TEXT}, headers=latest),
            admin.post("/v1/certifications", json=result, headers=idempotency_headers()),
            admin.post(f"{path}/carry-overs", json=report, headers=idempotency_headers()),
            post_action(admin, registration, "cancellation", motive=PERSONAL_TEXT),
            post_action(admin, registration, "attendance", outcome="completed", motive=PERSONAL_TEXT),
            post_action(admin, registration, "choice", choice="cancel"),
            post_action(admin, registration, "re-examination"),
            post_action(admin, registration, "positioning-test", taken_on="2026-05-01", hours=175),
            admin.patch(
                f"/v1/registrations/{registration['id']}", json={"session": {"place": PERSONAL_TEXT}}, headers=latest
            ),
        ]

    for answer in answers:
        expect_problem(answer, 409, "adviser-anonymised")


def test_once_is_enough(before_and_after: BeforeAndAfter) -> None:
    with before_and_after.served.client("admin") as admin:
        path = f"/v1/advisers/{before_and_after.adviser}"
        read = admin.get(path)

        again = admin.delete(path, headers={"If-Match": read.headers["ETag"]})

        assert again.status_code == 204
        assert admin.get(path).json() == read.json()


def test_an_identifier_is_free_for_whoever_has_it(before_and_after: BeforeAndAfter) -> None:
    with before_and_after.served.client("platform") as platform:
        platform.post("/v1/advisers", json=adviser_body(conum_id=CONUM_ID)).raise_for_status()


def test_the_version_must_be_known(platform: httpx.Client) -> None:
    adviser = platform.post("/v1/advisers", json=adviser_body()).raise_for_status().json()["id"]
    path = f"/v1/advisers/{adviser}"

    expect_problem(platform.delete(path), 428, "precondition-required")
    expect_problem(platform.delete(path, headers={"If-Match": '"7"'}), 412, "precondition-failed")
    expect_problem(platform.delete(f"/v1/advisers/{UUID(int=9)}", headers={"If-Match": "*"}), 404, "not-found")
    assert platform.get(path).json()["first_name"] == "Camille"
