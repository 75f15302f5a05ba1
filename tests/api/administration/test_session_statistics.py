"""Statistics of sessions: each number is the one that counting the list of sessions by hand gives."""

import asyncio
import csv
from collections.abc import Generator, Iterable
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from app.api.administration.session_statistics_routes import HEADINGS
from app.api.http.bodies.media_types import CSV, XLSX
from app.persistence.engine.database import open_database
from app.persistence.sessions.session_statistics import SessionGrouping, SessionMeasure
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from tests.api.response_assertions import documented_body, expect_problem
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post
from tests.live_server import LiveServer, idempotency_headers
from tests.session_builders import a_session, register_in_session

GROUPINGS = tuple(SessionGrouping)
MEASURES = tuple(SessionMeasure)
BEGUN: dict[str, Any] = {"starts_on": "2026-06-02", "ends_on": "2026-06-03", "regularisation": True}


async def _carry_out(url: str) -> None:
    database = open_database(url, pool_size=2)
    while await carry_out_session_deeds(database, MORNING):
        pass
    await database.close()


def session_with(client: httpx.Client, people: int, deed: str | None = None, **fields: Any) -> str:
    """A session in which so many are registered, then confirmed or cancelled when `deed` says so."""
    session, past = a_session(client, **fields), {"regularisation": True} if "regularisation" in fields else {}
    for _ in range(people):
        register_in_session(client, an_adviser_in_post(client), session, **past)
    if deed is not None:
        client.post(f"/v1/sessions/{session}/{deed}", headers=idempotency_headers()).raise_for_status()
    return session


@pytest.fixture(scope="module")
def statistics_service(module_service: LiveServer) -> LiveServer:
    """Sessions of every status; some were cancelled, with fewer people than it takes or not. To be read only."""
    with module_service.client("admin") as admin:
        session_with(admin, 3, starts_on="2026-09-08", seats={"minimum": 1, "maximum": 2})
        session_with(admin, 2, "confirmation", starts_on="2026-09-15", seats={"minimum": 6, "maximum": 12})
        session_with(admin, 1, "confirmation", starts_on="2026-10-06", seats={"minimum": 1, "maximum": 1})
        session_with(
            admin, 1, starts_on="2026-10-13", format="remote", place=None, training_organisation_id=str(HISTYA)
        )
        session_with(admin, 1, **BEGUN, seats={"maximum": 5})
        session_with(admin, 2, "cancellation", starts_on="2026-11-03", seats={"minimum": 3, "maximum": 8})
        session_with(admin, 0, "cancellation", starts_on="2026-11-03", seats={"minimum": 1})
        session_with(admin, 3, "cancellation", starts_on="2026-11-04", seats={"minimum": 3, "maximum": 8})
        session_with(admin, 0, "cancellation", starts_on="2026-12-01", training_organisation_id=str(HISTYA))
        session_with(admin, 0, starts_on="2027-01-12", module_code="handicap", seats={"maximum": 10})
    asyncio.run(_carry_out(module_service.database_url))
    return module_service


@pytest.fixture(scope="module")
def reader(statistics_service: LiveServer) -> Generator[httpx.Client]:
    with statistics_service.client("admin") as client:
        yield client


@pytest.fixture(scope="module")
def everything(reader: httpx.Client) -> list[dict[str, Any]]:
    """Every session as a line of its own."""
    found = reader.get("/v1/sessions", params={"limit": 500}).json()["data"]
    return [
        item | {"month": item["starts_on"][:7], "department": item["place"]["department"] if item["place"] else None}
        for item in found
    ]


def read(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    named = {name.rstrip("_"): value for name, value in query.items()}
    answer = client.get("/v1/statistics/sessions", params=named)
    found: list[dict[str, Any]] = documented_body(answer, "readSessionStatistics")["data"]
    return found


def counted_by_hand(sessions: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Of these sessions, but how many lacked people: no session says that."""
    sessions = [*sessions]
    standing = [item for item in sessions if item["status"] != "cancelled"]
    return {
        "published": len(sessions),
        "seats": sum(item["seats"]["maximum"] or 0 for item in standing),
        "filled": sum(item["seats"]["taken"] for item in standing),
        "waiting": sum(item["seats"]["waiting"] for item in standing),
        "confirmed": sum(item["confirmed_at"] is not None for item in standing),
        "held": sum(item["status"] == "held" for item in standing),
        "cancelled": len(sessions) - len(standing),
    }


def test_without_parameters_every_session_is_counted(reader: httpx.Client, everything: list[dict[str, Any]]) -> None:
    (row,) = read(reader)

    assert row == {**counted_by_hand(everything), "cancelled_for_want_of_people": 2}
    assert row == {
        "published": 10, "seats": 30, "filled": 7, "waiting": 1, "confirmed": 2, "held": 1, "cancelled": 4,
        "cancelled_for_want_of_people": 2,
    }  # fmt: skip


@pytest.mark.parametrize("names", [*((name,) for name in GROUPINGS), ("status", "month"), GROUPINGS])
def test_each_group_has_its_numbers(
    reader: httpx.Client, everything: list[dict[str, Any]], names: tuple[str, ...]
) -> None:
    grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for item in everything:
        grouped.setdefault(tuple(item[name] for name in names), []).append(item)

    found = read(reader, group_by=",".join(names))

    assert all([*row] == [*names, *MEASURES] for row in found)
    numbers = {tuple(row.pop(name) for name in names): row for row in found}
    lacking = sum(row.pop("cancelled_for_want_of_people") for row in numbers.values())
    assert numbers == {group: counted_by_hand(sessions) for group, sessions in grouped.items()}
    assert lacking == 2


def test_sessions_of_every_status_are_counted(reader: httpx.Client) -> None:
    rows = {row["status"]: row["published"] for row in read(reader, group_by="status")}

    assert rows == {"open": 2, "confirmed": 1, "full": 2, "held": 1, "cancelled": 4}


def test_want_of_people_is_told_by_who_had_a_seat_when_it_was_cancelled(reader: httpx.Client) -> None:
    """Afterwards nobody has one: the registrations are cancelled."""
    rows = {row["month"]: row for row in read(reader, group_by="month")}

    november = rows["2026-11"]
    assert (november["cancelled"], november["cancelled_for_want_of_people"], november["filled"]) == (3, 2, 0)
    assert (rows["2026-12"]["cancelled"], rows["2026-12"]["cancelled_for_want_of_people"]) == (1, 0)


def test_a_period_is_of_first_days_with_both_its_ends(reader: httpx.Client, everything: list[dict[str, Any]]) -> None:
    first, last = "2026-09-15", "2026-11-03"

    (row,) = read(reader, from_=first, to=last)

    within = [item for item in everything if first <= item["starts_on"] <= last]
    assert row["published"] == len(within) == 5
    assert read(reader, from_="2030-01-01")[0]["published"] == 0
    assert read(reader, from_="2030-01-01", group_by="month") == []


def test_an_organisation_counts_its_own(statistics_service: LiveServer, everything: list[dict[str, Any]]) -> None:
    own = [item for item in everything if item["training_organisation_id"] == str(LA_MEDNUM)]

    with statistics_service.client("training_organisation") as organisation:
        (row,), rows = read(organisation), read(organisation, group_by="training_organisation_id")

    assert row == {**counted_by_hand(own), "cancelled_for_want_of_people": 2}
    assert [item["training_organisation_id"] for item in rows] == [str(LA_MEDNUM)]
    assert 0 < len(own) < len(everything)


def test_the_platform_counts_all(statistics_service: LiveServer, reader: httpx.Client) -> None:
    with statistics_service.client("platform") as platform:
        answer = platform.get("/v1/statistics/sessions")

    others = reader.get("/v1/statistics")
    assert (answer.status_code, others.status_code) == (200, 200)
    assert answer.json()["data"] == read(reader)


def test_a_french_spreadsheet_is_given_csv(reader: httpx.Client) -> None:
    query = {"group_by": "month,format,status,department"}
    rows = reader.get("/v1/statistics/sessions", params=query).json()["data"]

    answer = reader.get("/v1/statistics/sessions", params=query, headers={"Accept": CSV})

    assert answer.headers["Content-Disposition"] == 'attachment; filename="statistiques-sessions-2026-06-15.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    headings, *lines = csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    asked = [SessionGrouping(name) for name in query["group_by"].split(",")]
    assert headings == [HEADINGS[name] for name in (*asked, *SessionMeasure)]
    assert headings[:4] == ["Mois", "Modalité", "Statut", "Département"]
    assert [line[4:] for line in lines] == [[str(row[name]) for name in MEASURES] for row in rows]
    assert {line[2] for line in lines} == {"ouverte", "confirmée", "complète", "tenue", "annulée"}
    assert {line[3] for line in lines} == {"35", ""}


def test_so_is_a_workbook(reader: httpx.Client) -> None:
    answer = reader.get(
        "/v1/statistics/sessions", params={"group_by": "training_organisation_id"}, headers={"Accept": XLSX}
    )

    sheet: Any = load_workbook(BytesIO(answer.raise_for_status().content)).active
    headings, *lines = sheet.iter_rows(values_only=True)
    assert (headings[0], headings[-1]) == ("Organisme de formation", "Annulées faute d’inscrits")
    assert {line[0] for line in lines} == {str(LA_MEDNUM), str(HISTYA)}
    assert sum(line[1] for line in lines) == 10


def test_another_format_is_not_offered(reader: httpx.Client) -> None:
    answer = reader.get("/v1/statistics/sessions", headers={"Accept": "application/pdf"})

    expect_problem(answer, 406, "not-acceptable")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"group_by": "day"}, "/group_by"),
        ({"group_by": "funding"}, "/group_by"),
        ({"group_by": ""}, "/group_by"),
        ({"group_by": "status, month"}, "/group_by"),
        ({"from": "2025-13-01"}, "/from"),
        ({"to": "1.1.2025"}, "/to"),
        ({"from": "2025-02-01", "to": "2025-01-31"}, "/to"),
        ({"measures": "filled"}, "/measures"),
    ],
)
def test_an_unknown_name_or_day_is_refused(reader: httpx.Client, query: dict[str, str], name: str) -> None:
    answer = expect_problem(reader.get("/v1/statistics/sessions", params=query), 400, "invalid-parameter")

    assert [error["pointer"] for error in answer["errors"]] == [name]


def test_too_many_groups_are_refused(reader: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.persistence.sessions.session_statistics.MAX_GROUPS", 3)

    answer = expect_problem(
        reader.get("/v1/statistics/sessions", params={"group_by": "month"}), 400, "invalid-parameter"
    )

    assert answer["errors"][0]["pointer"] == "/group_by"


def test_a_key_without_the_scope_may_not(statistics_service: LiveServer) -> None:
    made = {"name": "Lecture", "role": "platform", "scopes": ["catalogue:read"]}
    with statistics_service.client("admin") as owner:
        secret = owner.post("/v1/api-keys", json=made).raise_for_status().json()["secret"]
    with statistics_service.client_with(secret) as narrow:
        expect_problem(narrow.get("/v1/statistics/sessions"), 403, "forbidden")


@pytest.fixture(scope="module")
def page(statistics_service: LiveServer) -> Generator[httpx.Client]:
    """Somebody who has opened the page of statistics with an administrator's key."""
    with httpx.Client(base_url=statistics_service.base_url, follow_redirects=True) as client:
        client.post("/statistics", data={"key": statistics_service.keys["admin"]}).raise_for_status()
        yield client


def test_the_page_says_what_became_of_the_sessions_of_its_period(page: httpx.Client) -> None:
    said = page.get("/statistics", params={"from": "2026-01-01", "to": "2026-12-31"}).raise_for_status().text

    assert (
        "9&nbsp;sessions publiées commencent dans cette période&nbsp;: 7&nbsp;places prises, "
        "1&nbsp;inscription en attente d’une place&nbsp;; 4&nbsp;sessions annulées, dont 2 faute d’inscrits."
    ) in said
    assert "Numérique responsable" in said


def test_it_says_when_no_session_begins_then(page: httpx.Client) -> None:
    said = page.get("/statistics", params={"from": "2025-01-01", "to": "2025-12-31"}).raise_for_status().text

    assert "Aucune session publiée ne commence dans cette période." in said


def test_its_table_of_sessions_is_a_file_for_a_french_spreadsheet(page: httpx.Client) -> None:
    answer = page.get("/statistics/sessions.csv", params={"from": "2026-01-01", "to": "2027-12-31"}).raise_for_status()

    headings, *lines = csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert headings == [HEADINGS[name] for name in (SessionGrouping.MODULE, *SessionMeasure)]
    assert ["Numérique responsable", "9", "20", "7", "1", "2", "1", "4", "2"] in lines
    assert len(lines) == 2


def test_without_a_key_it_opens_nothing(statistics_service: LiveServer) -> None:
    answer = httpx.get(f"{statistics_service.base_url}/statistics/sessions.csv")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/statistics")
