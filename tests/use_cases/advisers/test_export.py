"""The export of all that is stored on one person, for that person."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from app.persistence.administration.client_role import Role
from app.persistence.engine.database import open_database
from app.persistence.schema.personal_data_statements import PERSONAL_DATA_TABLES
from app.seed.demonstration_clients import CLIENT_NAMES
from app.seed.published_catalogue import LA_MEDNUM
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from tests.api.administration.support_request_builders import MOTIVE, TEXT, answer, open_request
from tests.api.response_assertions import documented_body, expect_problem
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, adviser_body, an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer, idempotency_headers
from tests.outbox.emails.personal_links import over_quota_registration
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.session_builders import a_session, register_in_session


def exported(client: httpx.Client, adviser: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of the export, by the title of their table."""
    said = documented_body(client.get(f"/v1/advisers/{adviser}/export"), "exportAdviser")
    assert said["adviser_id"] == adviser
    return {holding["title"]: holding["rows"] for holding in said["holdings"]}


def test_identity_comes_first_in_the_words_of_the_person(platform: httpx.Client) -> None:
    body = adviser_body()
    adviser = platform.post("/v1/advisers", json=body, headers=idempotency_headers()).raise_for_status().json()

    said = exported(platform, adviser["id"])

    assert [*said] == [holding.title for _, holding in PERSONAL_DATA_TABLES.values()]
    (identity,) = said["Identité"]
    assert identity["Prénom"] == "Camille"
    assert identity["Adresse électronique"] == "camille@example.org"
    assert identity["ID Conum"] == body["conum_id"]
    assert identity["Enregistré le"] == "2026-06-15T08:30:00.000000Z"
    (answer,) = said["Réponses gardées"]
    assert (answer["Statut HTTP"], answer["Réponse"]) == (201, adviser)


async def _placed(url: str) -> None:
    database = open_database(url, pool_size=2)
    await place_waiting_events(database)
    await database.close()


def test_everything_of_a_life_is_there_under_readable_names(
    served: LiveServer, platform: httpx.Client, admin: httpx.Client
) -> None:
    waiting = over_quota_registration(platform)
    adviser = waiting["adviser_id"]
    report = {"bucket": "civil_year:2025", "motive": "Congé maternité", "decided_on": "2026-01-12"}
    admin.post(f"/v1/advisers/{adviser}/carry-overs", json=report).raise_for_status()
    result = {"adviser_id": adviser, "qualification": "pix", "outcome": "obtained", "on": "2026-06-12"}
    admin.post("/v1/certifications", json=result).raise_for_status()
    answer(admin, open_request(platform, adviser)).raise_for_status()
    asyncio.run(_placed(served.database_url))

    said = exported(admin, adviser)

    held = {title: len(rows) for title, rows in said.items()}
    assert {title: count for title, count in held.items() if count < 5} == {
        "Identité": 1, "Contrats de travail": 1, "Inscriptions": 2, "Décisions": 3, "Reports de droits": 1,
        "Places": 0, "Sessions modifiées": 0,
        "Résultats d’examen": 1, "Assiduité": 0, "Dérogations": 0, "Demandes au support": 1, "Essais d’envoi": 0,
        "Réponses gardées": 4, "Rappels": 0, "Imports": 0,
        "Lignes rejetées": 0, "Empreintes d’identités effacées": 0,
    }  # fmt: skip
    assert held.keys() - {"Journal des accès", "Événements", "Courriels et livraisons"} == {
        title for title, count in held.items() if count < 5
    }
    assert said["Inscriptions"][0]["Organisme de formation"] == "La Mednum"
    assert {decision["À la demande de"] for decision in said["Décisions"]} == {
        CLIENT_NAMES[Role.PLATFORM],
        CLIENT_NAMES[Role.ADMIN],
    }
    (asked,) = said["Demandes au support"]
    assert (asked["Texte"], asked["Ouverte par"], asked["Motif de la réponse"]) == (TEXT, "platform", MOTIVE)
    assert asked["Réponse donnée par"] == CLIENT_NAMES[Role.ADMIN]
    assert said["Décisions"][-1]["Faits lus"]["request"]["module"]["code"] == "cybersecurite"
    assert {"putAdviser", "registerAdviser", "carryOver"} <= {line["Action"] for line in said["Journal des accès"]}


def test_a_seat_is_told_with_its_session_and_what_was_done_of_it(own_service: LiveServer) -> None:
    with own_service.client("admin") as admin:
        session = a_session(admin, seats={"maximum": 1}, reference="RENNES-12")
        seated, waiting = an_adviser_in_post(admin), an_adviser_in_post(admin)
        registered = [register_in_session(admin, each, session)["id"] for each in (seated, waiting)]
        admin.post(f"/v1/sessions/{session}/confirmation", headers=idempotency_headers()).raise_for_status()
        asyncio.run(_carried_out(own_service.database_url))

        held = [exported(admin, each) for each in (seated, waiting)]

    seat = {"Session": session, "Places de la session": 1}
    assert [rows for said in held for rows in said["Places"]] == [
        {"Inscription": registered[0], **seat, "Ordre d’arrivée": 1, "Place": 1},
        {"Inscription": registered[1], **seat, "Ordre d’arrivée": 2, "Place": None},
    ]
    done = {"Inscription": registered[0], "Fait le": "2026-06-15T08:30:00.000000Z"}  # who waits is not convened
    assert [said["Sessions modifiées"] for said in held] == [[done], []]
    (registration,) = held[0]["Inscriptions"]
    assert (registration["Session publiée"], registration["Référence de la session"]) == (session, "RENNES-12")
    assert waiting not in str(held[0])


async def _carried_out(url: str) -> None:
    database = open_database(url, pool_size=2)
    while await carry_out_session_deeds(database, MORNING):
        pass
    await database.close()


def test_nobody_else_is_in_it(platform: httpx.Client) -> None:
    """The log has one entry for a page of a list, with all its advisers."""
    other, adviser = an_adviser_in_post(platform), an_adviser_in_post(platform)
    register(platform, other)
    register(platform, adviser)
    platform.get("/v1/advisers", params={"limit": 500})

    answer = platform.get(f"/v1/advisers/{adviser}/export")

    assert other not in answer.text
    assert adviser in answer.text


def test_an_export_leaves_an_audit_entry(platform: httpx.Client, admin: httpx.Client) -> None:
    adviser = an_adviser(platform)
    exported(platform, adviser)

    (line,) = admin.get("/v1/audit-log", params={"subject_id": adviser, "action": "exportAdviser"}).json()["data"]

    assert line["subject_ids"] == [adviser]


def test_only_whoever_answers_for_the_data_may(platform: httpx.Client, organisation: httpx.Client) -> None:
    adviser = an_adviser(platform)
    a_contract(platform, adviser)
    register(platform, adviser, training_organisation_id=str(LA_MEDNUM))

    expect_problem(organisation.get(f"/v1/advisers/{adviser}/export"), 403, "forbidden")
    expect_problem(organisation.delete(f"/v1/advisers/{adviser}", headers={"If-Match": "*"}), 403, "forbidden")
    expect_problem(platform.get(f"/v1/advisers/{uuid4()}/export"), 404, "not-found")
