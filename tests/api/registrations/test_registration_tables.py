"""The list of registrations as a file that a French spreadsheet opens: what JSON says, and nothing more."""

import csv
import re
from collections.abc import Generator
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from app.api.http.bodies.media_types import CSV, XLSX
from app.api.registrations.lists.registration_table import COLUMNS
from tests.api.response_assertions import expect_problem
from tests.databases import Databases
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import LiveServer, serving

Item = dict[str, Any]
HEADINGS = [column.heading for column in COLUMNS]


@pytest.fixture(scope="module")
def demonstration_service(databases: Databases, demonstration: str) -> Generator[LiveServer]:
    """To be read only."""
    with serving(databases.copy(demonstration)) as served:
        yield served


@pytest.fixture(scope="module")
def reader(demonstration_service: LiveServer) -> Generator[httpx.Client]:
    with demonstration_service.client("admin") as client:
        yield client


def as_csv(client: httpx.Client, url: str = "/v1/registrations", **query: str) -> httpx.Response:
    return client.get(url, params=query or None, headers={"Accept": CSV}).raise_for_status()


def lines_of(answer: httpx.Response) -> list[dict[str, str]]:
    text = answer.content.decode("utf-8-sig")
    return [*csv.DictReader(StringIO(text, newline=""), delimiter=";")]


def all_resources(client: httpx.Client) -> list[Item]:
    found: list[Item] = client.get("/v1/registrations", params={"limit": 500}).json()["data"]
    return found


def test_one_file_holds_the_whole_list_in_its_order(reader: httpx.Client) -> None:
    answer = as_csv(reader)

    expected = all_resources(reader)
    lines = lines_of(answer)
    assert [line["Inscription"] for line in lines] == [item["id"] for item in expected]
    assert len(lines) > 100, "more than a page of JSON"
    assert [*lines[0]] == HEADINGS
    assert "Link" not in answer.headers


def test_a_line_says_what_the_resource_says(reader: httpx.Client) -> None:
    resources = {item["id"]: item for item in all_resources(reader)}

    for line in lines_of(as_csv(reader)):
        item = resources[line["Inscription"]]
        assert "-".join(reversed(line["Date de début"].split("/"))) == item["session"]["starts_on"]
        assert line["Codes des motifs"].split() == [reason["code"] for reason in item["decision"]["reasons"]]
        assert all(reason["label"] in line["Motifs"] for reason in item["decision"]["reasons"])
        assert bool(line["Prise en charge"]) == (item["funding"] is not None)
        assert bool(line["Payeur"]) == (item["payer"] is not None)
        assert bool(line["Droit utilisé"]) == (item["entitlement"] is not None)
        assert bool(line["Annulée le"]) == (item["cancelled_on"] is not None)
        assert (line["Référence de session"] or None) == item["session"]["reference"]


def test_both_files_say_the_same(reader: httpx.Client) -> None:
    answer = reader.get("/v1/registrations", headers={"Accept": XLSX}).raise_for_status()
    sheet: Any = load_workbook(BytesIO(answer.content)).worksheets[0]

    def text(cell: Any) -> str:
        day_format = "%d/%m/%Y %H:%M" if "HH" in cell.number_format else "%d/%m/%Y"
        return f"{cell.value:{day_format}}" if cell.is_date else "" if cell.value is None else str(cell.value)

    rows = [[text(cell) for cell in row] for row in sheet.iter_rows()]
    assert rows == [HEADINGS, *([*line.values()] for line in lines_of(as_csv(reader)))]


@pytest.mark.parametrize(("accept", "ending"), [(CSV, "csv"), (XLSX, "xlsx")])
def test_a_file_has_a_name_and_a_day(reader: httpx.Client, accept: str, ending: str) -> None:
    answer = reader.get("/v1/registrations", headers={"Accept": accept, "Accept-Language": "en"}).raise_for_status()

    assert answer.headers["Content-Type"].partition(";")[0] == accept
    assert re.fullmatch(
        rf'attachment; filename="inscriptions-\d{{4}}-\d\d-\d\d\.{ending}"', answer.headers["Content-Disposition"]
    )
    assert answer.headers["Content-Language"] == "fr"
    assert answer.headers["Vary"] == "Accept-Language, Accept"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_page_of_json_says_that_other_formats_exist(reader: httpx.Client) -> None:
    assert reader.get("/v1/registrations").headers["Vary"] == "Accept-Language, Accept"
    expect_problem(reader.get("/v1/registrations", headers={"Accept": "application/pdf"}), 406, "not-acceptable")


def walk(client: httpx.Client, url: str, **query: str) -> tuple[list[str], list[int]]:
    """The ids in the order seen, and the lines of each file."""
    seen: list[str] = []
    sizes: list[int] = []
    while url:
        answer = as_csv(client, url, **query)
        lines = lines_of(answer)
        seen += [line["Inscription"] for line in lines]
        sizes.append(len(lines))
        url, query = answer.links.get("next", {}).get("url", ""), {}
    return seen, sizes


def test_a_limit_makes_files_of_that_size_that_follow_each_other(reader: httpx.Client) -> None:
    seen, sizes = walk(reader, "/v1/registrations", limit="60", starts_from="2024-01-01")

    expected = [item["id"] for item in all_resources(reader) if item["session"]["starts_on"] >= "2024-01-01"]
    assert seen == expected
    assert set(sizes[:-1]) == {60}
    assert len(sizes) > 1


def test_a_list_longer_than_a_file_goes_on_in_another(reader: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.http.bodies.tables.table_pages.MAX_TABLE_ROWS", 501)  # longer than a page of JSON

    answer = as_csv(reader, updated_since="2020-01-01T00:00:00Z")

    assert len(lines_of(answer)) <= 501
    monkeypatch.setattr("app.api.http.bodies.tables.table_pages.MAX_TABLE_ROWS", 70)
    seen, sizes = walk(reader, "/v1/registrations", updated_since="2020-01-01T00:00:00Z")
    assert sorted(seen) == sorted(item["id"] for item in all_resources(reader))
    assert set(sizes[:-1]) == {70}


def test_a_cursor_of_a_file_is_of_its_filters(reader: httpx.Client) -> None:
    link = as_csv(reader, limit="5", status="accepted").links["next"]["url"]

    expect_problem(
        reader.get(link.replace("status=accepted", "status=refused"), headers={"Accept": CSV}), 400, "invalid-cursor"
    )


def test_an_organisation_has_its_own_in_its_file(demonstration_service: LiveServer) -> None:
    with demonstration_service.client("training_organisation") as organisation:
        lines = lines_of(as_csv(organisation))
        own = all_resources(organisation)

    assert [line["Inscription"] for line in lines] == [item["id"] for item in own]
    assert len({line["Organisme de formation"] for line in lines}) == 1


def test_a_formula_in_a_place_is_a_text(admin: httpx.Client) -> None:
    session = {"starts_on": "2025-05-13", "ends_on": "2025-05-13", "format": "on_site", "place": "=1+1"}
    adviser = an_adviser_in_post(admin)
    register(admin, adviser, session=session).raise_for_status()

    (line,) = lines_of(as_csv(admin, adviser_id=adviser))
    answer = admin.get("/v1/registrations", params={"adviser_id": adviser}, headers={"Accept": XLSX})
    cell: Any = load_workbook(BytesIO(answer.content)).worksheets[0].cell(2, HEADINGS.index("Lieu") + 1)

    assert line["Lieu"] == "'=1+1"
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_file_is_audited_with_everybody_in_it(admin: httpx.Client) -> None:
    advisers = [an_adviser_in_post(admin) for _ in range(2)]
    for adviser in advisers:
        register(admin, adviser, session={"starts_on": "2025-05-13", "ends_on": "2025-05-13", "format": "remote",
                                          "reference": "audited"}).raise_for_status()  # fmt: skip

    request_id = as_csv(admin, session_reference="audited").headers["X-Request-Id"]

    entries = admin.get("/v1/audit-log", params={"subject_id": advisers[0], "action": "listRegistrations"}).json()
    (entry,) = [item for item in entries["data"] if item["request_id"] == request_id]
    assert sorted(entry["subject_ids"]) == sorted(advisers)
