"""Statistics: each number is the one that counting by hand gives."""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from app.api.administration.statistics_routes import csv_response
from app.persistence.engine.database import open_database
from app.wording.languages import Language
from tests.api.registration_states import post_action
from tests.api.response_assertions import documented_body, expect_problem
from tests.databases import Databases
from tests.http_builders import an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer, serving

DEROGATED_MODULE = "cybersecurite"
GROUPINGS = ("month", "training_organisation_id", "module_code", "department", "status", "funding")


@pytest.fixture(scope="module")
def statistics_service(databases: Databases, demonstration: str) -> Generator[LiveServer]:
    """The demonstration, in which every case occurs, some of them derogated or corrected. To be read only."""
    url = databases.copy(demonstration)
    asyncio.run(_mark(url))
    with serving(url) as served:
        yield served


async def _mark(url: str) -> None:
    """Every registration of DEROGATED_MODULE is derogated, and every completed one corrected."""
    database = open_database(url, pool_size=1)
    async with database.transaction() as tx:
        await tx.many("UPDATE registration SET derogated = true WHERE module_code = $1", DEROGATED_MODULE)
        await tx.many("UPDATE registration SET attendance_corrected = true WHERE status = 'completed'")
    await database.close()


@pytest.fixture(scope="module")
def reader(statistics_service: LiveServer) -> Generator[httpx.Client]:
    with statistics_service.client("admin") as client:
        yield client


@pytest.fixture(scope="module")
def everything(reader: httpx.Client) -> list[dict[str, Any]]:
    """Every registration, with its adviser's department."""
    advisers = reader.get("/v1/advisers", params={"limit": 500}).json()["data"]
    departments = {adviser["id"]: adviser["department"] for adviser in advisers}
    found = reader.get("/v1/registrations", params={"limit": 500}).json()["data"]
    return [item | {"department": departments[item["adviser_id"]], "month": item["requested_on"][:7]} for item in found]


def read(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/statistics", params={name.rstrip("_"): value for name, value in query.items()})
    found: list[dict[str, Any]] = documented_body(answer, "readStatistics")["data"]
    return found


def test_without_parameters_every_registration_is_counted(
    reader: httpx.Client, everything: list[dict[str, Any]]
) -> None:
    assert read(reader) == [{"count": len(everything)}]


@pytest.mark.parametrize("names", [*((name,) for name in GROUPINGS), ("status", "month"), GROUPINGS])
def test_each_group_has_its_number(
    reader: httpx.Client, everything: list[dict[str, Any]], names: tuple[str, ...]
) -> None:
    expected = Counter(tuple(item[name] for name in names) for item in everything)

    found = read(reader, group_by=",".join(names))

    assert {tuple(row[name] for name in names): row["count"] for row in found} == expected
    assert all([*row] == [*names, "count"] for row in found)


def test_a_registration_counts_once_for_each_of_its_reasons(
    reader: httpx.Client, everything: list[dict[str, Any]]
) -> None:
    codes = [
        (item["status"], reason["code"])
        for item in everything
        for reason in item["decision"]["reasons"] or [{"code": None}]
    ]

    found = read(reader, group_by="status,reason")

    assert {(row["status"], row["reason"]): row["count"] for row in found} == Counter(codes)


def test_a_period_has_both_its_ends(reader: httpx.Client, everything: list[dict[str, Any]]) -> None:
    days = sorted({item["requested_on"] for item in everything})
    first, last = days[3], days[-4]

    (row,) = read(reader, from_=first, to=last)

    assert row["count"] == sum(first <= item["requested_on"] <= last for item in everything) > 50


def test_a_name_given_twice_counts_once(reader: httpx.Client) -> None:
    assert read(reader, group_by="status,month,status") == read(reader, group_by="status,month")


def test_measures_are_medians_of_whole_days(reader: httpx.Client, everything: list[dict[str, Any]]) -> None:
    row = read(reader, measures="funded,days_to_session,days_to_decision")[0]

    assert [*row] == ["count", "funded", "days_to_session", "days_to_decision"]
    assert row["funded"] == sum(item["funding"] == "state" for item in everything)
    assert row["days_to_session"] in range(20, 40)
    assert row["days_to_decision"] in range(3)


def test_what_a_person_decided_or_put_right_is_counted_apart(
    reader: httpx.Client, everything: list[dict[str, Any]]
) -> None:
    derogated = Counter(item["status"] for item in everything if item["module_code"] == DEROGATED_MODULE)

    found = read(reader, group_by="status", measures="corrected,derogated")

    assert {row["status"]: row["derogated"] for row in found if row["derogated"]} == derogated
    assert {row["status"] for row in found if row["corrected"]} == {"completed"}
    assert all(row["corrected"] == row["count"] for row in found if row["status"] == "completed")
    assert all([*row] == ["status", "count", "corrected", "derogated"] for row in found)


def test_what_became_of_registrations_over_quota_is_counted(admin: httpx.Client) -> None:
    department = "95"
    fields = {"department": department}

    def over(number: int) -> dict[str, Any]:
        adviser = an_adviser_in_post(admin, **fields)
        first = register(admin, adviser, starts_on="2026-09-08").raise_for_status().json()
        found = register(admin, adviser, starts_on=f"2026-09-{15 + number}").raise_for_status().json()
        assert found["status"] == "awaiting_choice"
        return dict(found) | {"first": first}

    over(0)
    post_action(admin, over(1), "choice", choice="keep", payer="self").raise_for_status()
    post_action(admin, over(2), "choice", choice="cancel").raise_for_status()
    post_action(admin, over(3)["first"], "cancellation").raise_for_status()
    post_action(admin, register(admin, an_adviser(admin, **fields), starts_on="2026-09-29").json(), "re-examination")

    found = read(admin, group_by="department,over_quota")

    of_ours = {row["over_quota"]: row["count"] for row in found if row["department"] == department}
    assert of_ours == {"waiting": 1, "kept": 1, "cancelled": 1, "funded": 1, None: 5}


def test_an_organisation_counts_its_own(statistics_service: LiveServer, everything: list[dict[str, Any]]) -> None:
    own = [
        item
        for item in everything
        if item["training_organisation_id"] == statistics_service.keys["training_organisation_id"]
    ]
    with statistics_service.client("training_organisation") as client:
        assert read(client) == [{"count": len(own)}]
        by = "training_organisation_id,over_quota,reason,department"
        assert {row["training_organisation_id"] for row in read(client, group_by=by)} == {
            statistics_service.keys["training_organisation_id"]
        }
    assert 0 < len(own) < len(everything)


def test_a_spreadsheet_is_given_csv(reader: httpx.Client) -> None:
    query = {"group_by": "month,status,reason", "measures": "funded"}
    rows = reader.get("/v1/statistics", params=query).json()["data"]

    answer = reader.get("/v1/statistics", params=query, headers={"Accept": "text/csv"})

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    headings, *lines = csv.reader(io.StringIO(answer.text))
    assert headings == ["month", "status", "reason", "count", "funded"]
    assert lines == [[str(value) if value is not None else "" for value in row.values()] for row in rows]


def test_no_cell_of_the_csv_is_a_formula() -> None:
    """Names are typed by people."""
    written = csv_response(
        ["Organisme", "Inscriptions"], [["=HYPERLINK(1)", 3], ["Ici,+1", -2], [None, 0]], Language.FRENCH
    )

    rows = [*csv.reader(io.StringIO(bytes(written.body).decode()))]
    assert rows == [["Organisme", "Inscriptions"], ["'=HYPERLINK(1)", "3"], ["Ici,'+1", "-2"], ["", "0"]]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0, text/csv;q=0.001", "text/csv"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
    ],
)
def test_the_format_is_the_one_preferred(reader: httpx.Client, accept: str | None, kind: str) -> None:
    answer = reader.get("/v1/statistics", headers={} if accept is None else {"Accept": accept})

    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert "Accept" in answer.headers["Vary"].split(", ")


@pytest.mark.parametrize("accept", ["application/pdf", "application/json;q=0", "text/html", "nonsense"])
def test_another_format_is_not_offered(reader: httpx.Client, accept: str) -> None:
    expect_problem(reader.get("/v1/statistics", headers={"Accept": accept}), 406, "not-acceptable")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"group_by": "day"}, "/group_by"),
        ({"group_by": ""}, "/group_by"),
        ({"group_by": "status, month"}, "/group_by"),
        ({"measures": "count"}, "/measures"),
        ({"from": "2025-13-01"}, "/from"),
        ({"to": "1.1.2025"}, "/to"),
        ({"from": "2025-02-01", "to": "2025-01-31"}, "/to"),
        ({"month": "2025-01"}, "/month"),
    ],
)
def test_an_unknown_name_or_day_is_refused(reader: httpx.Client, query: dict[str, str], name: str) -> None:
    answer = expect_problem(reader.get("/v1/statistics", params=query), 400, "invalid-parameter")

    assert [error["pointer"] for error in answer["errors"]] == [name]


def test_too_many_groups_are_refused(reader: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.persistence.administration.statistics.MAX_GROUPS", 3)

    answer = expect_problem(reader.get("/v1/statistics", params={"group_by": "module_code"}), 400, "invalid-parameter")

    assert answer["errors"][0]["pointer"] == "/group_by"
