"""The list of sessions as a file that a French spreadsheet opens: what JSON says, and nothing more."""

import csv
from collections.abc import Generator
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from app.api.http.bodies.media_types import CSV, XLSX
from app.api.sessions.session_table import COLUMNS
from tests.api.response_assertions import expect_problem
from tests.live_server import LiveServer
from tests.session_builders import a_session

HEADINGS = [column.heading for column in COLUMNS]


def lines_of(answer: httpx.Response) -> list[dict[str, str]]:
    text = answer.raise_for_status().content.decode("utf-8-sig")
    return [*csv.DictReader(StringIO(text, newline=""), delimiter=";")]


def as_csv(client: httpx.Client, **query: str) -> httpx.Response:
    return client.get("/v1/sessions", params=query, headers={"Accept": CSV})


@pytest.fixture(scope="module")
def organisation(module_service: LiveServer) -> Generator[httpx.Client]:
    """La Mednum, on a database that only these tests know."""
    with module_service.client("training_organisation") as client:
        yield client


@pytest.fixture(scope="module")
def several(organisation: httpx.Client) -> list[str]:
    """Sessions of which everything, and of which as little as can be, is said."""
    hours = [
        {"on": "2028-04-04", "from": "09:00", "until": "12:30"},
        {"on": "2028-04-04", "from": "13:30", "until": "17:00"},
        {"on": "2028-04-05", "from": "09:00", "until": "12:30"},
    ]
    return [
        a_session(
            organisation,
            reference="=MED;35",
            starts_on="2028-04-04",
            ends_on="2028-04-05",
            hours=hours,
            seats={"minimum": 6, "maximum": 12},
            registration_closes_on="2028-03-31",
            link="https://visio.example.org/7",
        ),
        a_session(organisation, starts_on="2028-04-06", place=None, format="remote"),
    ]


def test_a_line_says_what_is_known_of_a_session(organisation: httpx.Client, several: list[str]) -> None:
    lines = {line["Session"]: line for line in lines_of(as_csv(organisation, starts_from="2028-04-04"))}
    full, bare = (lines[session] for session in several)

    assert [*full] == HEADINGS
    del full["Organisme de formation"], full["Créée le"], full["Modifiée le"]
    assert full == {
        "Session": several[0],
        "Référence": "'=MED;35",
        "Module": "numerique-responsable",
        "Date de début": "04/04/2028",
        "Date de fin": "05/04/2028",
        "Horaires": "04/04/2028 09:00-12:30, 13:30-17:00 ; 05/04/2028 09:00-12:30",
        "Modalité": "présentiel",
        "Lieu": "Les Champs libres",
        "Adresse": "10 cours des Alliés, 35000 Rennes",
        "Département": "35",
        "Lien": "https://visio.example.org/7",
        "Places minimum": "6",
        "Places maximum": "12",
        "Places prises": "0",
        "En attente": "0",
        "Inscriptions jusqu’au": "31/03/2028",
        "Statut": "ouverte",
        "Confirmée le": "",
        "Annulée le": "",
        "Motif d’annulation": "",
    }
    assert {bare[heading] for heading in ("Référence", "Horaires", "Lieu", "Places maximum", "Lien")} == {""}


def test_both_files_have_the_same_lines_in_the_order_of_the_list(
    organisation: httpx.Client, several: list[str]
) -> None:
    listed = organisation.get("/v1/sessions", params={"limit": 500}).json()["data"]
    answer = organisation.get("/v1/sessions", headers={"Accept": XLSX}).raise_for_status()
    sheet: Any = load_workbook(BytesIO(answer.content)).worksheets[0]

    ids = [item["id"] for item in listed]
    assert {*several} <= {*ids}
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ids
    assert [line["Session"] for line in lines_of(as_csv(organisation))] == ids
    assert sheet.cell(2, HEADINGS.index("Date de début") + 1).is_date


@pytest.mark.parametrize(
    "query",
    [
        {"reference": "=MED;35"},
        {"starts_from": "2028-04-06"},
        {"format": "remote"},
        {"status": "cancelled"},
        {"seats_left": "12"},
        {"department": "35"},
    ],
)
@pytest.mark.usefixtures("several")
def test_a_file_is_filtered_as_the_list_is(organisation: httpx.Client, query: dict[str, str]) -> None:
    listed = organisation.get("/v1/sessions", params={"limit": "500", **query}).json()["data"]

    assert [line["Session"] for line in lines_of(as_csv(organisation, **query))] == [item["id"] for item in listed]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"starts_from": "2028-13-01"}, "/starts_from"),
        ({"starts_from": "2028-02-02", "starts_until": "2028-02-01"}, "/starts_until"),
        ({"status": "unknown"}, "/status"),
        ({"format": "unknown"}, "/format"),
        ({"reference": ""}, "/reference"),
        ({"department": "00"}, "/department"),
        ({"seats_left": "0"}, "/seats_left"),
    ],
)
def test_a_value_that_is_none_is_refused(organisation: httpx.Client, query: dict[str, str], pointer: str) -> None:
    answer = expect_problem(organisation.get("/v1/sessions", params=query), 400, "invalid-parameter")

    assert [error["pointer"] for error in answer["errors"]] == [pointer]


def test_another_format_is_not_offered(organisation: httpx.Client) -> None:
    expect_problem(organisation.get("/v1/sessions", headers={"Accept": "text/calendar"}), 406, "not-acceptable")


def test_a_long_list_goes_on_in_another_file(module_service: LiveServer, several: list[str]) -> None:
    with module_service.client("platform") as platform:
        answer = as_csv(platform, limit="1", starts_from="2028-04-04")
        following = platform.get(answer.links["next"]["url"], headers={"Accept": CSV})

    assert len(lines_of(answer)) == len(lines_of(following)) == 1
    assert lines_of(answer) != lines_of(following)
    assert len(several) == 2
