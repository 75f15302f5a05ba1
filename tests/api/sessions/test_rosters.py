"""The roster: who is registered in a session, with what it takes to convene them, and nothing more of the person."""

import csv
import re
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from app.api.http.bodies.media_types import CSV, XLSX
from app.seed.published_catalogue import LA_MEDNUM
from tests.api.response_assertions import documented_body, expect_problem
from tests.http_builders import SIRET, a_contract, an_adviser
from tests.live_server import idempotency_headers
from tests.session_builders import a_session, register_in_session

Line = dict[str, Any]
ADVISER = {
    "first_name": "Inès",
    "last_name": "Quéméner",
    "email": "ines@employeur.example.org",
    "department": "974",
}
EMPLOYER = {
    "siret": SIRET,
    "name": "Ville de Rennes",
    "legal_form": "public",
    "department": "35",
    "contact_email": "rh@rennes.example.org",
}


def a_registered(admin: httpx.Client, session: str, **fields: Any) -> tuple[str, str]:
    """The ids of a new adviser in post, and of their registration."""
    adviser = an_adviser(admin, **fields)
    a_contract(admin, adviser, employer=EMPLOYER)
    return adviser, str(register_in_session(admin, adviser, session)["id"])


def roster_of(client: httpx.Client, session: str) -> list[Line]:
    found: list[Line] = documented_body(client.get(f"/v1/sessions/{session}/roster"), "getRoster")["data"]
    return found


def act(client: httpx.Client, registration: str, action: str, **body: Any) -> None:
    answer = client.post(f"/v1/registrations/{registration}/{action}", json=body, headers=idempotency_headers())
    assert answer.is_success, answer.text


def test_a_line_is_what_it_takes_to_convene_somebody(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(organisation)
    _, registration = a_registered(admin, session, **ADVISER)

    assert roster_of(organisation, session) == [
        {
            "registration_id": registration,
            "seat": {"status": "seated", "place": None},
            "first_name": "Inès",
            "last_name": "Quéméner",
            "email": "ines@employeur.example.org",
            "employer": {"name": "Ville de Rennes", "email": "rh@rennes.example.org"},
            "status": "accepted",
            "funding": "state",
            "payer": "state",
        }
    ]


@pytest.mark.parametrize("accept", ["application/json", CSV, "text/html"])
def test_nothing_else_of_the_person_is_there(admin: httpx.Client, organisation: httpx.Client, accept: str) -> None:
    session = a_session(organisation)
    adviser, _ = a_registered(admin, session, **ADVISER)

    text = organisation.get(f"/v1/sessions/{session}/roster", headers={"Accept": accept}).raise_for_status().text
    person = admin.get(f"/v1/advisers/{adviser}").json()
    (contract,) = admin.get("/v1/contracts", params={"adviser_id": adviser}).json()["data"]
    secrets = {adviser, person["conum_id"], "974", SIRET, "1234567", "2022-01-10", "2022-03-14", contract["id"]}
    assert [secret for secret in secrets if re.search(rf"\b{secret}\b", text)] == []
    assert "Quéméner" in text


def test_a_workbook_has_the_lines_of_the_csv(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(organisation, seats={"maximum": 1})
    for name in ("Quéméner", "=Le Goff"):
        a_registered(admin, session, **{**ADVISER, "last_name": name})
    url = f"/v1/sessions/{session}/roster"

    answer = organisation.get(url, headers={"Accept": CSV}).raise_for_status()
    lines = [*csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";")]
    sheet: Any = load_workbook(BytesIO(organisation.get(url, headers={"Accept": XLSX}).content)).worksheets[0]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="inscrits-2028-02-08.csv"'
    assert answer.headers["Vary"] == "Accept-Language, Accept"
    assert [line[:7] for line in lines] == [
        ["Place", "Nom", "Prénom", "Adresse électronique", "Structure employeuse", "Contact de la structure", "Statut"],
        ["attribuée", "Quéméner", "Inès", ADVISER["email"], "Ville de Rennes", "rh@rennes.example.org", "acceptée"],
        [
            "en attente, rang 1",
            "'=Le Goff",
            "Inès",
            ADVISER["email"],
            "Ville de Rennes",
            "rh@rennes.example.org",
            "acceptée",
        ],
    ]
    assert [[cell.value for cell in row][1] for row in sheet.iter_rows()] == ["Nom", "Quéméner", "=Le Goff"]


def test_the_seated_come_in_the_order_of_their_seats_then_those_who_wait(
    admin: httpx.Client, organisation: httpx.Client
) -> None:
    session = a_session(organisation, seats={"maximum": 2})
    ids = [a_registered(admin, session)[1] for _ in range(5)]

    found = roster_of(organisation, session)
    assert [line["registration_id"] for line in found] == ids
    assert [(line["seat"]["status"], line["seat"]["place"]) for line in found] == [
        ("seated", None), ("seated", None), ("waiting", 1), ("waiting", 2), ("waiting", 3),
    ]  # fmt: skip


def test_whoever_is_refused_or_has_cancelled_is_not_on_it(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(organisation)
    refused = register_in_session(admin, an_adviser(admin), session)
    (_, cancelled), (_, stays) = a_registered(admin, session), a_registered(admin, session)
    act(admin, cancelled, "cancellation")

    assert refused["status"] == "refused"
    assert [line["registration_id"] for line in roster_of(organisation, session)] == [stays]


def test_whoever_came_and_whoever_did_not_stay_on_it(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(admin, starts_on="2026-06-09", ends_on="2026-06-09", regularisation=True)
    outcomes = ("completed", "absent_unjustified")
    for outcome in outcomes:
        adviser = an_adviser(admin)
        a_contract(admin, adviser, employer=EMPLOYER)
        registered = register_in_session(admin, adviser, session, regularisation=True)
        act(admin, registered["id"], "attendance", outcome=outcome)

    assert {line["status"] for line in roster_of(organisation, session)} == {*outcomes}


def test_the_employer_is_the_one_of_the_first_day_else_the_present_one(
    admin: httpx.Client, organisation: httpx.Client
) -> None:
    session = a_session(organisation)
    adviser = an_adviser(admin)
    later = {**EMPLOYER, "siret": "13002603200016", "name": "Plus tard", "contact_email": None}
    a_contract(admin, adviser, type="CDD", ends_on="2027-12-31", employer=EMPLOYER)
    following = a_contract(admin, adviser, type="CDD", starts_on="2028-01-01", ends_on="2028-12-31", employer=later)
    register_in_session(admin, adviser, session)
    assert [line["employer"] for line in roster_of(organisation, session)] == [{"name": "Plus tard", "email": None}]

    ends = {"terminated_on": "2028-01-15"}
    admin.patch(f"/v1/contracts/{following}", json=ends, headers={"If-Match": "*"}).raise_for_status()
    refused = roster_of(organisation, session)
    other = a_session(organisation, starts_on="2028-02-15")
    derogated = register_in_session(admin, adviser, other)
    act(admin, derogated["id"], "derogation", waived=["not_in_post"], funding="none", payer="self", motive="Essai")

    assert refused == []
    assert [line["employer"]["name"] for line in roster_of(organisation, other)] == ["Ville de Rennes"]


def test_an_erased_person_has_no_name(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(admin, starts_on="2026-06-09", ends_on="2026-06-09", regularisation=True)
    adviser = an_adviser(admin)
    a_contract(admin, adviser, employer=EMPLOYER)
    registered = register_in_session(admin, adviser, session, regularisation=True)
    act(admin, registered["id"], "attendance", outcome="completed")
    admin.delete(f"/v1/advisers/{adviser}", headers={"If-Match": "*"}).raise_for_status()

    (line,) = roster_of(organisation, session)
    assert (line["first_name"], line["last_name"], line["email"], line["employer"]["email"]) == (None,) * 4


def test_only_its_organisation_and_administrators_read_it(
    admin: httpx.Client, organisation: httpx.Client, platform: httpx.Client, histya: httpx.Client
) -> None:
    session = a_session(organisation)
    url = f"/v1/sessions/{session}/roster"

    assert organisation.get(url).status_code == admin.get(url).status_code == 200
    for accept in ("application/json", CSV, XLSX, "text/html"):
        expect_problem(histya.get(url, headers={"Accept": accept}), 404, "not-found")
        expect_problem(platform.get(url, headers={"Accept": accept}), 403, "forbidden")
    expect_problem(admin.get("/v1/sessions/0199a3e2-0000-7000-8000-000000000000/roster"), 404, "not-found")
    expect_problem(admin.get(url, headers={"Accept": "application/pdf"}), 406, "not-acceptable")
    assert histya.get(f"/v1/sessions/{session}").status_code == 200


@pytest.mark.parametrize("accept", ["application/json", CSV, XLSX, "text/html"])
def test_whose_names_were_read_is_audited(admin: httpx.Client, organisation: httpx.Client, accept: str) -> None:
    session = a_session(organisation)
    advisers = [a_registered(admin, session)[0] for _ in range(2)]

    answer = organisation.get(f"/v1/sessions/{session}/roster", headers={"Accept": accept}).raise_for_status()

    found = admin.get("/v1/audit-log", params={"subject_id": advisers[1], "action": "getRoster"}).json()["data"]
    (entry,) = [item for item in found if item["request_id"] == answer.headers["X-Request-Id"]]
    assert sorted(entry["subject_ids"]) == sorted(advisers)


def test_a_roster_of_nobody_is_one(organisation: httpx.Client) -> None:
    session = a_session(organisation, training_organisation_id=str(LA_MEDNUM))

    assert roster_of(organisation, session) == []
