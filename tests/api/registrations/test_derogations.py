"""A person accepts a registration, setting published reasons aside (dérogation, section 5bis)."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from app.seed.published_catalogue import LA_FABRIK
from tests.api.registration_states import (
    UPCOMING_DAY,
    post_action,
    read_registration,
    refused_registration,
    reschedule,
    waiting_registration,
)
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import FakeClock
from tests.http_builders import a_contract, adviser_body, an_adviser, an_adviser_in_post, contract_body, register
from tests.live_server import idempotency_headers

Body = dict[str, Any]
WHY = "Contrat signé, dossier égaré par nos services"


def derogate(client: httpx.Client, registration: Body, **body: Any) -> httpx.Response:
    asked = {"waived": ["not_in_post"], "funding": "state", "motive": WHY, **body}
    return post_action(client, registration, "derogation", **asked)


def derogated(client: httpx.Client, registration: Body, **body: Any) -> Body:
    found: Body = documented_body(derogate(client, registration, **body), "derogateRegistration")
    return found


def decisions(client: httpx.Client, registration: Body) -> list[Body]:
    found: list[Body] = documented_body(client.get(registration["links"]["decisions"]), "listDecisions")["data"]
    return found


def test_a_person_accepts_what_was_refused_and_says_which_reasons_are_set_aside(admin: httpx.Client) -> None:
    refused = refused_registration(admin)

    accepted = derogated(admin, refused, waived=["not_in_post", "module_no_longer_available"])

    decision = accepted["decision"]
    assert (accepted["status"], accepted["funding"], accepted["payer"], accepted["entitlement"]) == (
        "accepted",
        "state",
        "state",
        "derogation",
    )
    assert (decision["automatic"], decision["outcome"], decision["reasons"], decision["waived"]) == (
        False,
        "accepted",
        [],
        ["not_in_post"],
    )
    assert decision["rules_version"] == refused["decision"]["rules_version"] == 2
    assert "dérogation" in decision["summary"]
    assert read_registration(admin, refused) == accepted
    latest, first = decisions(admin, refused)
    assert (latest["cause"], latest["automatic"], latest["motive"]) == ("derogation", False, WHY)
    assert (first["cause"], first["automatic"], first["motive"], first["waived"]) == ("request", True, None, [])


def test_two_of_them_hold_a_unit_each_and_take_no_right(admin: httpx.Client) -> None:
    waiting = waiting_registration(admin)
    other = register(admin, waiting["adviser_id"], starts_on="2026-10-06").json()

    funded = [derogated(admin, item, waived=["module_quota_exceeded"]) for item in (waiting, other)]

    assert [item["entitlement"] for item in funded] == ["derogation", "derogation"]
    record = admin.get(f"/v1/advisers/{waiting['adviser_id']}/training-record").json()
    used = {item["bucket"]: item["used"] for item in record["entitlements"]}
    assert used["civil_year:2026"] == 1


@pytest.mark.parametrize(("payer", "paid_by"), [("employer", "employer"), (None, None)])
def test_without_funding_a_payer_may_be_named(admin: httpx.Client, payer: str | None, paid_by: str | None) -> None:
    accepted = derogated(admin, refused_registration(admin), funding="none", payer=payer)

    assert (accepted["status"], accepted["funding"], accepted["payer"], accepted["entitlement"]) == (
        "accepted",
        "none",
        paid_by,
        None,
    )


def test_a_reason_that_stands_is_named_and_nothing_changes(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin, initial_training=None)
    a_contract(admin, adviser_id, administrative_file={})
    refused = register(admin, adviser_id, starts_on=UPCOMING_DAY).json()

    answer = derogate(admin, refused, waived=["ds_file_missing", "not_in_post"])

    detail = expect_problem(answer, 409, "reasons-remain")["detail"]
    for code in ("contract_not_uploaded", "recruitment_not_validated", "initial_training_not_started"):
        assert code in detail
    assert "ds_file_missing" not in detail
    assert read_registration(admin, refused) == refused
    assert len(decisions(admin, refused)) == 1


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"motive": None}, "/motive"),
        ({"motive": ""}, "/motive"),
        ({"waived": ["unheard_of"]}, "/waived/0"),
        ({"funding": "state", "payer": "self"}, "/payer"),
        ({"funding": "none", "payer": "state"}, "/payer"),
        ({"because": "x"}, "/because"),
    ],
)
def test_what_a_derogation_says_is_checked(admin: httpx.Client, body: Body, wrong: str) -> None:
    answer = derogate(admin, refused_registration(admin), **body)

    assert list(expect_wrong_fields(answer)) == [wrong]


@pytest.mark.parametrize("role", ["platform", "organisation"])
def test_only_an_administrator_derogates(admin: httpx.Client, request: pytest.FixtureRequest, role: str) -> None:
    refused, client = refused_registration(admin), request.getfixturevalue(role)

    answer = derogate(client, refused)

    assert "derogations:write" in expect_problem(answer, 403, "forbidden")["detail"]


def test_its_motive_is_read_by_administrators_only(
    admin: httpx.Client, platform: httpx.Client, organisation: httpx.Client
) -> None:
    refused = refused_registration(admin)
    derogated(admin, refused)

    readings = [decisions(client, refused)[0] for client in (platform, organisation)]

    for latest in readings:
        assert (latest["motive"], latest["automatic"], latest["waived"]) == (None, False, ["not_in_post"])
    assert readings[1]["decided_by"] == str(UUID(int=0))
    assert WHY not in admin.get("/v1/events", params={"types": "registration.*", "limit": 500}).text


def test_its_motive_is_exported_and_erased(admin: httpx.Client) -> None:
    refused = refused_registration(admin)
    derogated(admin, refused)
    path = f"/v1/advisers/{refused['adviser_id']}"

    exported = admin.get(f"{path}/export").text
    admin.delete(path, headers={"If-Match": "*"}).raise_for_status()

    assert WHY in exported
    assert decisions(admin, refused)[0]["motive"] == "(effacé)"
    assert WHY not in admin.get(f"{path}/export").text


def test_the_same_key_gives_the_same_bytes(admin: httpx.Client) -> None:
    refused, headers = refused_registration(admin), idempotency_headers()
    path = f"/v1/registrations/{refused['id']}/derogation"
    body = {"waived": ["not_in_post"], "funding": "state", "motive": WHY}

    first, again = (admin.post(path, json=body, headers=headers) for _ in range(2))
    other = admin.post(path, json={**body, "funding": "none"}, headers=headers)

    assert (again.status_code, again.content, again.headers["ETag"]) == (
        first.status_code,
        first.content,
        first.headers["ETag"],
    )
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(decisions(admin, refused)) == 2
    expect_problem(other, 422, "idempotency-key-reused")


def put_contract(client: httpx.Client, contract: str, adviser_id: str, **fields: Any) -> None:
    body = contract_body(adviser_id, **fields)
    client.put(f"/v1/contracts/{contract}", json=body, headers={"If-Match": "*"}).raise_for_status()


def test_no_later_push_undoes_it(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin)
    contract = a_contract(admin, adviser_id, terminated_on="2026-07-31")
    accepted = derogated(admin, register(admin, adviser_id, starts_on=UPCOMING_DAY).json())

    put_contract(admin, contract, adviser_id, terminated_on="2026-03-31")
    body = adviser_body(department="974", in_scheme=False, initial_training=None)
    admin.put(f"/v1/advisers/{adviser_id}", json=body, headers={"If-Match": "*"}).raise_for_status()

    assert read_registration(admin, accepted) == accepted


def test_a_move_undoes_it(admin: httpx.Client, clock: FakeClock) -> None:
    accepted = derogated(admin, refused_registration(admin))
    clock.now = clock.now.replace(hour=9)

    moved = reschedule(admin, accepted, starts_on="2026-09-22", ends_on="2026-09-22").json()
    again = derogated(admin, moved)

    assert (moved["status"], moved["entitlement"], moved["decision"]["automatic"]) == ("refused", None, True)
    assert [reason["code"] for reason in moved["decision"]["reasons"]] == ["not_in_post"]
    assert (again["status"], again["entitlement"]) == ("accepted", "derogation")


def test_it_is_still_possible_once_a_notice_comes_too_late(admin: httpx.Client, clock: FakeClock) -> None:
    refused = refused_registration(admin)
    clock.now = clock.now.replace(month=10)
    late = post_action(admin, refused, "re-examination")

    accepted = derogated(admin, refused)

    expect_problem(late, 409, "session-ended")
    assert (accepted["status"], accepted["entitlement"]) == ("accepted", "derogation")


def test_it_does_not_make_a_second_active_registration(admin: httpx.Client) -> None:
    refused = refused_registration(admin)
    a_contract(admin, refused["adviser_id"])
    first = register(admin, refused["adviser_id"], starts_on=UPCOMING_DAY).json()

    answer = derogate(admin, refused)

    expect_problem(answer, 409, "duplicate-registration")
    assert answer.links["duplicate"]["url"] == first["links"]["self"]


def test_an_initial_training_accepted_so_is_an_entry(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin, initial_training=None, in_scheme=True, department="974")
    entry = {"module_code": "formation-initiale", "training_organisation_id": str(LA_FABRIK), "starts_on": "2026-09-08"}
    refused = register(admin, adviser_id, **entry).json()

    derogated(admin, refused, waived=["territory_not_covered"])
    module = register(admin, adviser_id, starts_on=UPCOMING_DAY).json()

    assert (module["status"], module["entitlement"]) == ("accepted", "first_year")


def test_cancelled_it_gives_its_unit_back_to_nobody(admin: httpx.Client) -> None:
    waiting = waiting_registration(admin)
    other = register(admin, waiting["adviser_id"], starts_on="2026-10-06").json()
    derogated(admin, waiting, waived=["module_quota_exceeded"])

    cancelled = post_action(admin, waiting, "cancellation").json()

    assert (cancelled["status"], cancelled["entitlement"]) == ("cancelled", None)
    assert read_registration(admin, other)["status"] == "awaiting_choice"
