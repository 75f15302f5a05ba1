"""Whoever cancelled its only registration of an adviser learns nothing more of them, though it keeps its own."""

from typing import Any

import httpx
import pytest

from app.api.http.authorised_request import AuthorisedRequest
from app.seed.published_catalogue import LA_MEDNUM
from tests.api.registration_states import UPCOMING_DAY, post_action
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser_in_post, register


def _exam(adviser: str, on: str = "2026-05-04") -> dict[str, Any]:
    return {"adviser_id": adviser, "qualification": "pix", "outcome": "failed", "on": on}


def _trained(platform: httpx.Client) -> str:
    """An adviser whose exams are due, and who has a result."""
    entered = {"entered_on": "2024-04-15", "ended_on": "2026-05-29"}
    adviser = an_adviser_in_post(platform, initial_training=entered)
    platform.post("/v1/certifications", json=_exam(adviser)).raise_for_status()
    return adviser


def _cancelled(organisation: httpx.Client, adviser: str) -> dict[str, Any]:
    registration = register(organisation, adviser, starts_on=UPCOMING_DAY).raise_for_status().json()
    answer: dict[str, Any] = post_action(organisation, registration, "cancellation").raise_for_status().json()
    return answer


@pytest.fixture
def cancelled_registration(platform: httpx.Client, organisation: httpx.Client) -> dict[str, Any]:
    return _cancelled(organisation, _trained(platform))


def _results(client: httpx.Client, adviser: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/certifications", params={"adviser_id": adviser}).json()["data"]
    return found


def _listed(client: httpx.Client, path: str) -> str:
    """Every page of a list."""
    answer, read = client.get(path, params={"limit": 500}), ""
    while True:
        read += answer.text
        if "next" not in answer.links:
            return read
        answer = client.get(answer.links["next"]["url"])


@pytest.mark.parametrize("path", ["", "/training-record", "/training-record.svg"])
def test_the_person_is_not_found(organisation: httpx.Client, cancelled_registration: dict[str, Any], path: str) -> None:
    expect_problem(organisation.get(f"/v1/advisers/{cancelled_registration['adviser_id']}{path}"), 404, "not-found")


def test_nor_in_any_list(
    organisation: httpx.Client, platform: httpx.Client, cancelled_registration: dict[str, Any]
) -> None:
    adviser, lists = (
        cancelled_registration["adviser_id"],
        ("/v1/advisers", "/v1/certifications", "/v1/certifications/due"),
    )
    (result,) = _results(platform, adviser)

    assert [adviser in _listed(organisation, path) for path in lists] == [False] * 3
    expect_problem(organisation.get(f"/v1/certifications/{result['id']}"), 404, "not-found")


def test_its_registration_stays_its_own(organisation: httpx.Client, cancelled_registration: dict[str, Any]) -> None:
    path = f"/v1/registrations/{cancelled_registration['id']}"

    assert organisation.get(path).json() == cancelled_registration
    assert organisation.get(f"{path}/decisions").status_code == 200
    listed = organisation.get("/v1/registrations", params={"adviser_id": cancelled_registration["adviser_id"]}).json()[
        "data"
    ]
    assert listed == [cancelled_registration]


def test_it_is_counted_wherever_the_person_lives(
    organisation: httpx.Client, cancelled_registration: dict[str, Any]
) -> None:
    def counted(**grouped: str) -> dict[Any, int]:
        lines = organisation.get("/v1/statistics", params=grouped).json()["data"]
        return {line.get("department"): line["count"] for line in lines}

    by_department = counted(group_by="department")

    assert cancelled_registration["status"] == "cancelled"
    assert None in by_department
    assert sum(by_department.values()) == counted()[None]


def test_and_the_results_that_it_recorded(organisation: httpx.Client, cancelled_registration: dict[str, Any]) -> None:
    own = organisation.post("/v1/certifications", json=_exam(cancelled_registration["adviser_id"], "2026-06-01")).json()

    assert _results(organisation, cancelled_registration["adviser_id"]) == [own]


def _told(organisation: httpx.Client, head: str, cancelled_registration: dict[str, Any]) -> list[dict[str, Any]]:
    """What it is told of the person after the head; of others, other tests tell."""
    events = organisation.get("/v1/events", params={"after": head, "limit": 500}).json()["data"]
    return [event for event in events if event["adviser_id"] == cancelled_registration["adviser_id"]]


def test_what_happens_to_them_is_not_told(
    organisation: httpx.Client, platform: httpx.Client, cancelled_registration: dict[str, Any]
) -> None:
    head = organisation.get("/v1/events", params={"after": "now"}).json()["next"]
    _told(organisation, head, cancelled_registration)  # what went before it has its place now
    head = organisation.get("/v1/events", params={"after": "now"}).json()["next"]

    platform.post(
        "/v1/certifications", json=_exam(cancelled_registration["adviser_id"], "2026-06-02")
    ).raise_for_status()

    assert _told(organisation, head, cancelled_registration) == []


def test_but_that_they_are_anonymised_is_so_that_it_forgets_them_too(
    organisation: httpx.Client, platform: httpx.Client, cancelled_registration: dict[str, Any]
) -> None:
    head = organisation.get("/v1/events", params={"after": "now"}).json()["next"]

    platform.delete(
        f"/v1/advisers/{cancelled_registration['adviser_id']}", headers={"If-Match": "*"}
    ).raise_for_status()

    event = _told(organisation, head, cancelled_registration)[-1]
    assert (event["type"], event["adviser_id"]) == ("adviser.anonymised", cancelled_registration["adviser_id"])


def test_another_registration_concerns_it_again(
    organisation: httpx.Client, platform: httpx.Client, cancelled_registration: dict[str, Any]
) -> None:
    adviser = cancelled_registration["adviser_id"]

    register(organisation, adviser, starts_on="2026-09-22").raise_for_status()

    assert organisation.get(f"/v1/advisers/{adviser}").json()["last_name"] == "Exemple"
    assert [each["training_organisation_id"] for each in _results(organisation, adviser)] == [None]
    assert _results(platform, adviser)[0]["training_organisation_id"] is None


def test_one_that_is_refused_does(organisation: httpx.Client, platform: httpx.Client) -> None:
    """It is followed until it is put right, or cancelled with its session."""
    adviser = _trained(platform)

    answer = register(organisation, adviser, starts_on="2020-05-14")

    assert (answer.json()["status"], answer.json()["training_organisation_id"]) == ("refused", str(LA_MEDNUM))
    assert organisation.get(f"/v1/advisers/{adviser}").status_code == 200


def test_the_database_says_so_too(
    organisation: httpx.Client,
    platform: httpx.Client,
    cancelled_registration: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When a route forgets to filter."""
    (result,) = _results(platform, cancelled_registration["adviser_id"])
    monkeypatch.setattr(AuthorisedRequest, "owner", None)

    assert _results(organisation, cancelled_registration["adviser_id"]) == []
    assert organisation.get(f"/v1/certifications/{result['id']}").status_code == 404
    assert organisation.get(f"/v1/registrations/{cancelled_registration['id']}").status_code == 200
