"""An adviser who is anonymised is nowhere any more, and everything else is as it was."""

import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx
import pytest

from app.embedded.cluster import Cluster
from app.persistence.database import Database, open_database
from app.seed.catalogue import HISTYA
from tests.api.answers import documented, problem
from tests.api.deeds import act
from tests.logbook import LOGS, STREAM
from tests.messages.post import Office, an_office, mailed, plainly
from tests.outbox.posting import an_endpoint, one_turn
from tests.outbox.receiver import Received, Reply, receiving
from tests.persistence.telling import placed
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.rights.life import CONUM, FIRST, MARKERS, TOLD, found_in, lived
from tests.scenes import adviser_body, contract_body, registration_body
from tests.served import Served, key

COUNTED = "SELECT count(*), count(unit), count(funding), sum(positioning_hours), max(requested_on) FROM registration"
LEDGER = "SELECT id, status, funding, payer, unit, session_starts_on FROM registration ORDER BY id"
EVIDENCE = "SELECT id, outcome, reasons::text, facts::text, decided_at FROM decision ORDER BY id"


@dataclass(frozen=True, slots=True)
class Life:
    """Before and after; `dumps` are the whole database as `pg_dump` writes it."""

    served: Served
    database: Database
    office: Office
    adviser: str
    tag: str
    erased: httpx.Response
    dumps: tuple[str, str]
    kept: tuple[list[Any], list[Any]]


def dumped(cluster: Cluster, url: str) -> str:
    program = cluster.binaries / "pg_dump"
    if not program.is_file():
        pytest.skip(f"{program} is missing: it comes with PostgreSQL's server, or its client programs")
    parts = urlsplit(url)
    named = urlunsplit(parts._replace(query="sslmode=disable"))
    return subprocess.run([program, "--dbname", named], check=True, capture_output=True, text=True).stdout


async def kept(database: Database) -> list[Any]:
    return [[tuple(row.values()) for row in await database.many(sql)] for sql in (COUNTED, LEDGER, EVIDENCE)]


async def _echo(_: Received) -> Reply:
    return Reply(200, body=f"Merci, {TOLD}".encode())


async def _told(database: Database, office: Office) -> None:
    """Every event so far is placed, delivered and mailed."""
    await placed(database)
    await one_turn(database)
    while await mailed(database, plainly(office)):
        pass


@pytest.fixture(scope="module")
async def life(cluster: Cluster, module_service: Served) -> AsyncGenerator[Life]:
    database = open_database(module_service.database_url, pool_size=4)
    with module_service.client("platform") as platform, module_service.client("admin") as admin:
        async with an_office() as office, receiving(_echo) as receiver:
            await an_endpoint(database, receiver.url)
            with module_service.client("training_organisation") as organisation:
                adviser = lived(platform, organisation, admin)
            await _told(database, office)
            late = registration_body(adviser, starts_on="2026-12-01", module_code="handicap")
            platform.post("/v1/registrations", json=late, headers=key()).raise_for_status()
            await placed(database)
            before, dump = await kept(database), dumped(cluster, module_service.database_url)
            tag = platform.get(f"/v1/advisers/{adviser}").headers["ETag"]
            erased = platform.delete(f"/v1/advisers/{adviser}", headers={"If-Match": tag})
            after, dump_after = await kept(database), dumped(cluster, module_service.database_url)
            yield Life(module_service, database, office, adviser, tag, erased, (dump, dump_after), (before, after))
    await database.close()


def test_it_is_answered_with_nothing(life: Life) -> None:
    assert (life.erased.status_code, life.erased.content) == (204, b"")


def test_no_dump_of_the_database_names_the_person_any_more(life: Life) -> None:
    before, after = life.dumps

    assert found_in(before) == {*MARKERS}
    assert [line for line in after.splitlines() if found_in(line)] == []


def test_nor_does_any_log(life: Life) -> None:
    del life
    STREAM.flush()
    books = [path.read_text(encoding="utf-8", errors="replace") for path in LOGS.glob("*.log")]

    assert any("anonymise" in book or "/v1/advisers/{adviser_id}" in book for book in books)
    assert [book for book in books if found_in(book)] == []


def test_ledgers_decisions_and_counts_are_what_they_were(life: Life) -> None:
    before, after = life.kept

    assert after == before
    assert all(before)


async def test_every_decision_still_replays(life: Life) -> None:
    assert len(await assert_every_decision_replays(life.database)) > 5


def test_the_person_reads_as_nobody(life: Life) -> None:
    with life.served.client("platform") as platform:
        read = documented(platform.get(f"/v1/advisers/{life.adviser}"), "getAdviser")
        contracts = platform.get("/v1/contracts", params={"adviser_id": life.adviser}).json()["data"]
        registrations = platform.get("/v1/registrations", params={"adviser_id": life.adviser}).json()["data"]
        record = platform.get(f"/v1/advisers/{life.adviser}/training-record")

    identity = ("conum_id", "first_name", "last_name", "email")
    assert [read[name] for name in identity] == [None] * 4
    assert (read["anonymised_at"], read["department"], read["version"]) == ("2026-06-15T08:30:00Z", "35", 3)
    assert {item["employer"]["name"] for item in contracts} == {"(effacé)"}
    assert {item["session"]["place"] for item in registrations} == {None}
    assert documented(record, "getTrainingRecord")["in_post"]["value"]


def test_whoever_had_read_something_that_changed_reads_it_again(life: Life) -> None:
    with life.served.client("platform") as platform:
        path = f"/v1/advisers/{life.adviser}"
        assert platform.get(path, headers={"If-None-Match": life.tag}).status_code == 200
        assert all(item["version"] > 1 for item in platform.get("/v1/contracts").json()["data"])


def test_organisations_that_registered_the_person_are_told_by_ids(life: Life) -> None:
    told: dict[str, dict[str, Any]] = {}
    for role in ("platform", "training_organisation"):
        with life.served.client(role) as client:
            (told[role],) = client.get("/v1/events", params={"types": "adviser.*"}).json()["data"]

    event = told["training_organisation"]
    assert event["subject"] == {"type": "adviser", "id": life.adviser, "version": 3}
    assert event["data"] == {"anonymised_on": "2026-06-15"}
    assert told["platform"]["id"] == event["id"]


def test_the_others_are_not(life: Life) -> None:
    with life.served.client("admin") as admin:
        made = {"name": "Histya", "role": "training_organisation", "training_organisation_id": str(HISTYA)}
        secret = admin.post("/v1/api-keys", json=made).raise_for_status().json()["secret"]
    with httpx.Client(base_url=life.served.base_url, headers={"Authorization": f"Bearer {secret}"}) as histya:
        assert histya.get("/v1/events", params={"types": "adviser.*"}).json()["data"] == []


async def test_what_waited_to_be_sent_is_sent_to_nobody(life: Life) -> None:
    skipped = await life.database.many("SELECT 1 FROM delivery WHERE channel = 'email' AND state = 'skipped'")
    received = len(life.office.received)

    await placed(life.database)
    await mailed(life.database, plainly(life.office), turns=3)

    assert len(skipped) == 2
    assert len(life.office.received) == received
    assert any(FIRST in str(message) for message in life.office.received)


def test_nothing_about_the_person_changes_any_more(life: Life) -> None:
    with life.served.client("admin") as admin:
        registration = admin.get("/v1/registrations", params={"adviser_id": life.adviser}).json()["data"][0]
        contract = admin.get("/v1/contracts", params={"adviser_id": life.adviser}).json()["data"][0]
        path, latest = f"/v1/advisers/{life.adviser}", {"If-Match": "*"}
        demand = registration_body(life.adviser, starts_on="2026-12-15")
        result = {"adviser_id": life.adviser, "qualification": "pix", "outcome": "obtained", "on": "2026-06-10"}
        report = {"bucket": "civil_year:2026", "motive": TOLD}
        answers = [
            admin.put(path, json=adviser_body(conum_id=CONUM), headers=latest),
            admin.patch(path, json={"first_name": FIRST}, headers=latest),
            admin.post("/v1/registrations", json=demand, headers=key()),
            admin.post("/v1/registrations/preview", json=demand),
            admin.post("/v1/contracts", json=contract_body(life.adviser), headers=key()),
            admin.put(f"/v1/contracts/{contract['id']}", json=contract_body(life.adviser), headers=latest),
            admin.patch(f"/v1/contracts/{contract['id']}", json={"termination_motive": TOLD}, headers=latest),
            admin.post("/v1/certifications", json=result, headers=key()),
            admin.post(f"{path}/carry-overs", json=report, headers=key()),
            act(admin, registration, "cancellation", motive=TOLD),
            act(admin, registration, "attendance", outcome="completed", motive=TOLD),
            act(admin, registration, "choice", choice="cancel"),
            act(admin, registration, "re-examination"),
            act(admin, registration, "positioning-test", taken_on="2026-05-01", hours=175),
            admin.patch(f"/v1/registrations/{registration['id']}", json={"session": {"place": TOLD}}, headers=latest),
        ]

    for answer in answers:
        problem(answer, 409, "adviser-anonymised")


def test_once_is_enough(life: Life) -> None:
    with life.served.client("admin") as admin:
        path = f"/v1/advisers/{life.adviser}"
        read = admin.get(path)

        again = admin.delete(path, headers={"If-Match": read.headers["ETag"]})

        assert again.status_code == 204
        assert admin.get(path).json() == read.json()


def test_an_identifier_is_free_for_whoever_has_it(life: Life) -> None:
    with life.served.client("platform") as platform:
        platform.post("/v1/advisers", json=adviser_body(conum_id=CONUM)).raise_for_status()


def test_the_version_must_be_known(platform: httpx.Client) -> None:
    adviser = platform.post("/v1/advisers", json=adviser_body()).raise_for_status().json()["id"]
    path = f"/v1/advisers/{adviser}"

    problem(platform.delete(path), 428, "precondition-required")
    problem(platform.delete(path, headers={"If-Match": '"7"'}), 412, "precondition-failed")
    problem(platform.delete(f"/v1/advisers/{UUID(int=9)}", headers={"If-Match": "*"}), 404, "not-found")
    assert platform.get(path).json()["first_name"] == "Camille"
