"""What an employer or an organisation says it has done lies in the past or is of today (section 3)."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.persistence.engine.database import open_database
from app.seed.published_catalogue import LA_FABRIK
from tests.api.registration_states import post_action
from tests.api.response_assertions import expect_problem, expect_wrong_fields
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post, contract_body, register
from tests.live_server import LiveServer, idempotency_headers

TODAY, TOMORROW = "2026-06-15", "2026-06-16"
ANY = {"If-Match": "*"}
FACTS = ("contract_uploaded_on", "validated_on")

Send = Callable[[httpx.Client, dict[str, Any]], httpx.Response]


def a_file(**facts: Any) -> dict[str, Any]:
    return {"ds_file_number": "1234567", "contract_uploaded_on": None, "validated_on": None, **facts}


def post(client: httpx.Client, file: dict[str, Any]) -> httpx.Response:
    body = contract_body(an_adviser(client), administrative_file=file)
    return client.post("/v1/contracts", json=body, headers=idempotency_headers())


def put(client: httpx.Client, file: dict[str, Any]) -> httpx.Response:
    return client.put(f"/v1/contracts/{uuid4()}", json=contract_body(an_adviser(client), administrative_file=file))


def patch(client: httpx.Client, file: dict[str, Any]) -> httpx.Response:
    contract = a_contract(client, an_adviser(client))
    return client.patch(f"/v1/contracts/{contract}", json={"administrative_file": file}, headers=ANY)


@pytest.mark.parametrize("send", [post, put, patch])
@pytest.mark.parametrize("fact", FACTS)
def test_what_the_employer_has_done_is_done(platform: httpx.Client, send: Send, fact: str) -> None:
    done, announced = send(platform, a_file(**{fact: TODAY})), send(platform, a_file(**{fact: TOMORROW}))

    assert done.is_success
    assert done.json()["administrative_file"][fact] == TODAY
    assert expect_wrong_fields(announced) == {f"/administrative_file/{fact}": "date-in-future"}
    assert "le 15 juin 2026" in expect_problem(announced, 422, "validation-error")["detail"]


def test_a_positioning_test_was_taken(admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(admin, initial_training=None)
    asked = {"module_code": "formation-initiale", "training_organisation_id": str(LA_FABRIK)}
    registration = register(admin, adviser, starts_on="2026-09-07", **asked).json()

    announced = post_action(admin, registration, "positioning-test", taken_on=TOMORROW, hours=175)

    assert expect_wrong_fields(announced) == {"/taken_on": "date-in-future"}
    assert post_action(admin, registration, "positioning-test", taken_on=TODAY, hours=175).status_code == 200


@pytest.mark.parametrize("word", ["en cours", "0", "néant", "-", "?", "000", "N° à venir"])
def test_a_word_is_no_file_number(platform: httpx.Client, word: str) -> None:
    answer = put(platform, a_file(ds_file_number=word))

    assert expect_wrong_fields(answer) == {"/administrative_file/ds_file_number": "invalid-format"}


def test_a_word_that_was_stored_before_stays(platform: httpx.Client, served: LiveServer) -> None:
    contract = f"/v1/contracts/{a_contract(platform, an_adviser(platform))}"
    asyncio.run(_store_word(served.database_url, contract.rpartition("/")[2]))

    changed = platform.patch(contract, json={"terminated_on": "2026-06-30"}, headers=ANY)

    assert changed.json()["administrative_file"]["ds_file_number"] == "en cours"
    other = platform.patch(contract, json={"administrative_file": {"ds_file_number": "en attente"}}, headers=ANY)
    assert expect_wrong_fields(other) == {"/administrative_file/ds_file_number": "invalid-format"}


async def _store_word(url: str, contract: str) -> None:
    database = open_database(url, pool_size=1)
    await database.many("UPDATE contract SET ds_file_number = 'en cours' WHERE id = $1", UUID(contract))
    await database.close()


@pytest.mark.parametrize("written", ["1234567", "1 234 567", "n° 1234567", "DS-1234567"])
def test_a_file_number_may_be_written_as_neighbours_write_it(platform: httpx.Client, written: str) -> None:
    assert put(platform, a_file(ds_file_number=written)).json()["administrative_file"]["ds_file_number"] == written
