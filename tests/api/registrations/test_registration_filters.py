"""Registrations are found by the days, the reference and the reasons that they have, and by no value that is none."""

from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest

from app.domain.decisions.refusals import Reason
from tests.api.response_assertions import documented_body, expect_problem
from tests.databases import Databases
from tests.http_builders import an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer, serving

Item = dict[str, Any]


@pytest.fixture(scope="module")
def demonstration_service(databases: Databases, demonstration: str) -> Generator[LiveServer]:
    """To be read only."""
    with serving(databases.copy(demonstration)) as served:
        yield served


@pytest.fixture(scope="module")
def reader(demonstration_service: LiveServer) -> Generator[httpx.Client]:
    with demonstration_service.client("admin") as client:
        yield client


@pytest.fixture(scope="module")
def everything(reader: httpx.Client) -> list[Item]:
    found: list[Item] = reader.get("/v1/registrations", params={"limit": 500}).json()["data"]
    return found


def listed(client: httpx.Client, **query: str) -> list[Item]:
    answer = client.get("/v1/registrations", params={"limit": "500", **query})
    found: list[Item] = documented_body(answer, "listRegistrations")["data"]
    return found


def test_both_ends_of_the_days_are_included(reader: httpx.Client, everything: list[Item]) -> None:
    days = sorted({item["session"]["starts_on"] for item in everything})
    first, last = days[2], days[-3]

    def expected(is_wanted: Callable[[str], bool]) -> list[Item]:
        return [item for item in everything if is_wanted(item["session"]["starts_on"])]

    assert listed(reader, starts_from=first, starts_until=last) == expected(lambda day: first <= day <= last)
    assert listed(reader, starts_from=last) == expected(lambda day: day >= last)
    assert listed(reader, starts_until=first) == expected(lambda day: day <= first)
    assert listed(reader, starts_from=first, starts_until=first) == expected(lambda day: day == first) != []


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_one_of_the_latest_decision(reader: httpx.Client, everything: list[Item], reason: Reason) -> None:
    expected = [item for item in everything if reason in {said["code"] for said in item["decision"]["reasons"]}]

    assert listed(reader, reason=reason) == expected


def test_the_demonstration_has_reasons_to_find(everything: list[Item]) -> None:
    assert len({said["code"] for item in everything for said in item["decision"]["reasons"]}) > 5


def test_a_reason_of_a_former_decision_is_not_found(admin: httpx.Client) -> None:
    adviser = an_adviser(admin)
    refused = register(admin, adviser).raise_for_status().json()
    assert [item["id"] for item in listed(admin, adviser_id=adviser, reason="not_in_post")] == [refused["id"]]

    headers = {"Idempotency-Key": f"reason-{refused['id']}"}
    body = {"waived": ["not_in_post"], "funding": "none", "payer": "self", "motive": "Essai"}
    admin.post(f"/v1/registrations/{refused['id']}/derogation", json=body, headers=headers).raise_for_status()

    assert listed(admin, adviser_id=adviser, reason="not_in_post") == []


def test_a_reference_is_found_to_the_letter(admin: httpx.Client) -> None:
    session = {"starts_on": "2025-05-13", "ends_on": "2025-05-13", "format": "remote", "reference": "MED 35/07+é"}
    item = register(admin, an_adviser_in_post(admin), session=session).raise_for_status().json()

    assert [one["id"] for one in listed(admin, session_reference="MED 35/07+é")] == [item["id"]]
    assert listed(admin, session_reference="med 35/07+é") == []
    assert listed(admin, session_reference="MED") == []


def test_filters_are_kept_from_page_to_page(reader: httpx.Client, everything: list[Item]) -> None:
    query = {"starts_from": "2025-01-01", "reason": "module_quota_exceeded"}
    expected = [item["id"] for item in listed(reader, **query)]
    seen: list[str] = []
    url = str(httpx.URL("/v1/registrations", params={**query, "limit": "1"}))
    while url:
        answer = reader.get(url).raise_for_status()
        seen += [item["id"] for item in answer.json()["data"]]
        url = answer.links.get("next", {}).get("url", "")

    assert seen == expected
    assert 1 < len(seen) < len(everything)


def test_an_organisation_finds_its_own_only(demonstration_service: LiveServer, everything: list[Item]) -> None:
    with demonstration_service.client("training_organisation") as organisation:
        found = listed(organisation, starts_from="2025-01-01")

    owners = {item["training_organisation_id"] for item in everything}
    assert len({item["training_organisation_id"] for item in found}) == 1 < len(owners)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"starts_from": "2025-02-30"}, "/starts_from"),
        ({"starts_from": ""}, "/starts_from"),
        ({"starts_until": "31/01/2025"}, "/starts_until"),
        ({"starts_until": "0001-01-01"}, "/starts_until"),
        ({"starts_from": "2025-02-02", "starts_until": "2025-02-01"}, "/starts_until"),
        ({"reason": "unknown"}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"session_reference": ""}, "/session_reference"),
        ({"session_reference": "a\x00b"}, "/session_reference"),
        ({"session_reference": "a" * 101}, "/session_reference"),
    ],
)
def test_a_value_that_is_none_is_refused(admin: httpx.Client, query: dict[str, str], pointer: str) -> None:
    answer = expect_problem(admin.get("/v1/registrations", params=query), 400, "invalid-parameter")

    assert [error["pointer"] for error in answer["errors"]] == [pointer]
