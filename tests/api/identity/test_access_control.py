"""What exists for whom, case by case; `test_matrix` walks every operation."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.api.registration_states import (
    accepted_registration,
    initial_training_registration,
    post_action,
    refused_registration,
    reschedule,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser, an_adviser_in_post, register, registration_body
from tests.live_server import idempotency_headers


def test_an_organisation_may_leave_itself_out(organisation: httpx.Client, platform: httpx.Client) -> None:
    body = registration_body(an_adviser_in_post(platform))
    del body["training_organisation_id"]

    answer = organisation.post("/v1/registrations", json=body, headers=idempotency_headers())

    assert (answer.status_code, answer.json()["training_organisation_id"]) == (201, str(LA_MEDNUM))


@pytest.mark.parametrize("path", ["/v1/registrations", "/v1/registrations/preview"])
def test_an_organisation_registers_to_its_own_sessions_only(
    organisation: httpx.Client, platform: httpx.Client, path: str
) -> None:
    body = registration_body(an_adviser_in_post(platform), training_organisation_id=str(HISTYA))

    answer = organisation.post(path, json=body, headers=idempotency_headers())

    expect_problem(answer, 403, "forbidden")


def test_an_organisation_records_its_own_results_only(organisation: httpx.Client, platform: httpx.Client) -> None:
    result = {"adviser_id": an_adviser(platform), "qualification": "pix", "outcome": "obtained", "on": "2024-09-12"}

    answer = organisation.post("/v1/certifications", json=result | {"training_organisation_id": str(HISTYA)})

    expect_problem(answer, 403, "forbidden")


def test_an_organisation_s_result_is_its_own(organisation: httpx.Client, platform: httpx.Client) -> None:
    result = {"adviser_id": an_adviser(platform), "qualification": "pix", "outcome": "obtained", "on": "2024-09-12"}

    answer = organisation.post("/v1/certifications", json=result)

    assert answer.json()["training_organisation_id"] == str(LA_MEDNUM)


def test_another_organisation_s_registration_does_not_exist(histya: httpx.Client, platform: httpx.Client) -> None:
    registration = accepted_registration(platform)

    answer = histya.get(f"/v1/registrations/{registration['id']}")

    expect_problem(answer, 404, "not-found")


def test_nor_do_its_decisions(histya: httpx.Client, platform: httpx.Client) -> None:
    registration = accepted_registration(platform)

    answer = histya.get(f"/v1/registrations/{registration['id']}/decisions")

    expect_problem(answer, 404, "not-found")


def test_nor_is_it_listed(histya: httpx.Client, platform: httpx.Client) -> None:
    registration = accepted_registration(platform)

    by_id = histya.get("/v1/registrations", params={"ids": registration["id"]})
    by_organisation = histya.get("/v1/registrations", params={"training_organisation_id": str(LA_MEDNUM)})

    assert by_id.json()["data"] == by_organisation.json()["data"] == []


def test_an_unknown_registration_and_a_foreign_one_read_alike(histya: httpx.Client, platform: httpx.Client) -> None:
    foreign = histya.get(f"/v1/registrations/{accepted_registration(platform)['id']}").json()

    unknown = histya.get(f"/v1/registrations/{uuid4()}").json()

    assert foreign | {"instance": ""} == unknown | {"instance": ""}


BODIES: dict[str, dict[str, Any]] = {
    "choice": {"choice": "cancel"},
    "re-examination": {},
    "cancellation": {},
    "attendance": {"outcome": "completed"},
    "positioning-test": {"taken_on": "2025-05-01", "hours": 175},
}


@pytest.mark.parametrize("action", BODIES)
def test_nothing_can_be_done_to_a_foreign_registration(
    histya: httpx.Client, platform: httpx.Client, action: str
) -> None:
    registration = accepted_registration(platform)

    answer = post_action(histya, registration, action, **BODIES[action])

    expect_problem(answer, 404, "not-found")


def test_a_foreign_registration_is_not_moved(histya: httpx.Client, platform: httpx.Client) -> None:
    registration = upcoming_registration(platform)

    answer = reschedule(histya, registration, place="Ailleurs")

    expect_problem(answer, 404, "not-found")


def test_a_replayed_key_does_not_open_a_foreign_registration(
    organisation: httpx.Client, histya: httpx.Client, platform: httpx.Client
) -> None:
    path, used = f"/v1/registrations/{upcoming_registration(platform)['id']}/cancellation", idempotency_headers()
    organisation.post(path, json={}, headers=used).raise_for_status()

    answer = histya.post(path, json={}, headers=used)

    expect_problem(answer, 404, "not-found")


def test_an_organisation_does_all_the_moves_of_its_own(organisation: httpx.Client, platform: httpx.Client) -> None:
    answers = [
        post_action(organisation, waiting_registration(platform), "choice", choice="keep", payer="self"),
        post_action(organisation, refused_registration(platform), "re-examination"),
        post_action(organisation, upcoming_registration(platform), "cancellation"),
        post_action(organisation, accepted_registration(platform), "attendance", outcome="completed"),
        reschedule(organisation, upcoming_registration(platform), place="Rennes"),
    ]

    assert [answer.status_code for answer in answers] == [200] * 5


def test_an_adviser_registered_elsewhere_does_not_exist(histya: httpx.Client, platform: httpx.Client) -> None:
    adviser_id = accepted_registration(platform)["adviser_id"]

    expect_problem(histya.get(f"/v1/advisers/{adviser_id}"), 404, "not-found")
    expect_problem(histya.get(f"/v1/advisers/{adviser_id}/training-record"), 404, "not-found")


def test_nor_is_that_adviser_listed(histya: httpx.Client, platform: httpx.Client) -> None:
    conum_id = 990_000_001
    register(platform, an_adviser_in_post(platform, conum_id=conum_id))

    answer = histya.get("/v1/advisers", params={"conum_id": str(conum_id)})

    assert answer.json()["data"] == []


def test_an_organisation_sees_its_advisers_without_their_address(
    organisation: httpx.Client, platform: httpx.Client
) -> None:
    adviser_id = accepted_registration(platform)["adviser_id"]

    read = organisation.get(f"/v1/advisers/{adviser_id}").json()
    listed = organisation.get("/v1/advisers", params={"conum_id": str(read["conum_id"])}).json()["data"]

    assert (read["last_name"], read["email"]) == ("Exemple", None)
    assert listed == [read]


def test_an_organisation_may_not_look_for_an_address(organisation: httpx.Client) -> None:
    answer = organisation.get("/v1/advisers", params={"email": "camille@example.org"})

    expect_problem(answer, 400, "invalid-parameter")


def test_an_organisation_reads_its_adviser_s_record(organisation: httpx.Client, platform: httpx.Client) -> None:
    adviser_id = accepted_registration(platform)["adviser_id"]

    answer = organisation.get(f"/v1/advisers/{adviser_id}/training-record")

    assert answer.status_code == 200


def test_another_organisation_s_result_does_not_exist(histya: httpx.Client, organisation: httpx.Client) -> None:
    with_nobody = an_adviser_of(organisation)

    answer = histya.get(f"/v1/certifications/{with_nobody}")

    expect_problem(answer, 404, "not-found")


def an_adviser_of(organisation: httpx.Client) -> UUID:
    """The id of a result of an adviser whom only this organisation knows."""
    adviser_id = organisation.get("/v1/advisers", params={"limit": 1}).json()["data"][0]["id"]
    result = {"adviser_id": adviser_id, "qualification": "pix", "outcome": "failed", "on": "2024-09-12"}
    return UUID(organisation.post("/v1/certifications", json=result).raise_for_status().json()["id"])


def test_what_a_decision_read_elsewhere_is_not_shown(histya: httpx.Client, platform: httpx.Client) -> None:
    """The facts of a decision name the adviser's other registrations, which are not this organisation's."""
    foreign = accepted_registration(platform)
    own = register(histya, str(foreign["adviser_id"]), starts_on="2026-09-08", training_organisation_id=str(HISTYA))

    decisions = histya.get(f"/v1/registrations/{own.json()['id']}/decisions")

    assert decisions.status_code == 200
    assert foreign["id"] not in decisions.text


def test_a_record_does_not_name_foreign_registrations(histya: httpx.Client, platform: httpx.Client) -> None:
    foreign = accepted_registration(platform)
    register(histya, str(foreign["adviser_id"]), starts_on="2026-09-08", training_organisation_id=str(HISTYA))

    record = histya.get(f"/v1/advisers/{foreign['adviser_id']}/training-record", params={"on": "2025-06-01"})

    assert foreign["id"] not in record.text


def test_a_duplicate_elsewhere_is_said_without_being_shown(histya: httpx.Client, platform: httpx.Client) -> None:
    foreign = accepted_registration(platform)

    answer = register(histya, str(foreign["adviser_id"]), training_organisation_id=str(HISTYA))

    expect_problem(answer, 409, "duplicate-registration")
    assert "example.org" not in answer.text
    assert foreign["id"] not in f"{answer.headers}{answer.text}"
    assert "duplicate" not in answer.links


def test_a_platform_sees_every_organisation_s_registrations(platform: httpx.Client, admin: httpx.Client) -> None:
    registration = initial_training_registration(admin)

    answer = platform.get(f"/v1/registrations/{registration['id']}")

    assert answer.json()["training_organisation_id"] != str(LA_MEDNUM)
