"""The registrations of a session are found by it, and their list says which session and which seat they have."""

import csv
from io import StringIO
from typing import Any

import httpx

from app.api.http.bodies.media_types import CSV
from tests.api.response_assertions import documented_body, expect_problem
from tests.http_builders import an_adviser_in_post, register
from tests.session_builders import a_session, register_in_session


def listed(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = documented_body(client.get("/v1/registrations", params=query), "listRegistrations")[
        "data"
    ]
    return found


def test_registrations_are_found_by_their_session(admin: httpx.Client, organisation: httpx.Client) -> None:
    session, other = a_session(organisation), a_session(organisation)
    registered = [register_in_session(admin, an_adviser_in_post(admin), session) for _ in range(3)]
    register_in_session(admin, an_adviser_in_post(admin), other)
    register(admin, an_adviser_in_post(admin), starts_on="2028-02-08").raise_for_status()

    assert [item["id"] for item in listed(organisation, session_id=session)] == [item["id"] for item in registered]
    assert listed(organisation, session_id=session, starts_until="2028-02-07") == []
    answer = expect_problem(admin.get("/v1/registrations", params={"session_id": "x"}), 400, "invalid-parameter")
    assert [error["pointer"] for error in answer["errors"]] == ["/session_id"]


def test_another_organisation_finds_none_of_them(
    admin: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> None:
    session = a_session(organisation)
    register_in_session(admin, an_adviser_in_post(admin), session)

    assert listed(histya, session_id=session) == []


def test_registrations_are_found_by_the_reference_of_their_session(
    admin: httpx.Client, organisation: httpx.Client
) -> None:
    session = a_session(organisation, reference="MED-REF-1")
    registered = register_in_session(admin, an_adviser_in_post(admin), session)

    assert [item["id"] for item in listed(admin, session_reference="MED-REF-1")] == [registered["id"]]


def test_a_file_says_which_session_and_which_seat(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(organisation, seats={"maximum": 1})
    for _ in range(2):
        register_in_session(admin, an_adviser_in_post(admin), session)

    answer = organisation.get("/v1/registrations", params={"session_id": session}, headers={"Accept": CSV})
    lines = [*csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";")]
    assert [line["Session"] for line in lines] == [session] * 2
    assert [line["Place"] for line in lines] == ["attribuée", "en attente, rang 1"]
