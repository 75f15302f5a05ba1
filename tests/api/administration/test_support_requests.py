"""Support requests over HTTP: opened, listed with their deadline, answered once with an effect, withdrawn."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.persistence.engine.database import open_database
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.notifications.sequence_events import sequence_events
from tests.api.administration.support_request_builders import (
    MOTIVE,
    PATH,
    TEXT,
    answer,
    open_request,
    opening,
    read,
    withdraw,
)
from tests.api.registration_states import (
    accepted_registration,
    attended_registration,
    post_action,
    read_registration,
    refused_registration,
    waiting_registration,
)
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer, idempotency_headers


def test_one_is_opened_with_its_deadline(platform: httpx.Client) -> None:
    registration = accepted_registration(platform)
    body = opening(registration["adviser_id"], registration_id=registration["id"])

    response = platform.post(PATH, json=body, headers=idempotency_headers())

    request = documented_body(response, "openSupportRequest")
    assert response.status_code == 201
    assert response.headers["Location"].endswith(f"{PATH}/{request['id']}")
    assert response.headers["ETag"].startswith('"1')
    assert {name: request[name] for name in body} == body
    assert (request["status"], request["opened_by"], request["answer_due_on"]) == ("open", "platform", "2026-08-14")
    assert (request["answer"], request["withdrawn_at"]) == (None, None)
    assert documented_body(platform.get(f"{PATH}/{request['id']}"), "getSupportRequest") == request


def test_a_version_already_known_is_not_sent_again(platform: httpx.Client) -> None:
    path = f"{PATH}/{open_request(platform, an_adviser(platform))['id']}"
    tag = platform.get(path).headers["ETag"]

    assert platform.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_the_same_request_again_opens_no_other(platform: httpx.Client) -> None:
    body, headers = opening(an_adviser(platform)), idempotency_headers()

    first, second = (platform.post(PATH, json=body, headers=headers) for _ in range(2))

    assert (first.content, second.headers["Idempotent-Replayed"]) == (second.content, "true")


def test_the_queue_is_listed_oldest_first_and_filtered(platform: httpx.Client, admin: httpx.Client) -> None:
    adviser = an_adviser(platform)
    first = open_request(platform, adviser)
    second = open_request(admin, adviser, kind="justification", period="civil_year:2026")
    third = open_request(admin, adviser)
    answer(admin, third, granted=False).raise_for_status()

    def listed(**filters: str) -> list[str]:
        page = documented_body(admin.get(PATH, params={"adviser_id": adviser, **filters}), "listSupportRequests")
        return [item["id"] for item in page["data"]]

    assert listed() == [first["id"], second["id"], third["id"]]
    assert listed(status="open") == [first["id"], second["id"]]
    assert listed(kind="justification") == [second["id"]]
    assert listed(status="rejected", kind="contestation") == [third["id"]]
    assert listed(updated_since="2030-01-01T00:00:00Z") == []


@pytest.mark.parametrize("filters", [{"status": "answered"}, {"kind": "question"}, {"adviser_id": "x"}, {"who": "me"}])
def test_a_wrong_filter_is_refused(admin: httpx.Client, filters: dict[str, str]) -> None:
    expect_problem(admin.get(PATH, params=filters), 400, "invalid-parameter")


@pytest.mark.parametrize(
    ("fields", "mistakes"),
    [
        ({"text": ""}, {"/text": "too-short"}),
        ({"text": "x" * 2001}, {"/text": "too-long"}),
        ({"kind": "question"}, {"/kind": "not-one-of"}),
        ({"period": "2026"}, {"/period": "invalid-format"}),
        ({"bucket": "2026"}, {"/bucket": "invalid-format"}),
        ({"certification_id": "x"}, {"/certification_id": "invalid-uuid"}),
        ({"status": "granted"}, {"/status": "unknown-field"}),
    ],
)
def test_each_mistake_is_named(platform: httpx.Client, fields: dict[str, Any], mistakes: dict[str, str]) -> None:
    body = opening(str(uuid4()), **fields)

    assert expect_wrong_fields(platform.post(PATH, json=body)) == mistakes


def test_what_does_not_exist_is_named(platform: httpx.Client) -> None:
    other = accepted_registration(platform)["id"]
    body = opening(an_adviser(platform), registration_id=other, certification_id=str(uuid4()))

    nobody = platform.post(PATH, json=opening(str(uuid4()), registration_id=other))

    assert expect_wrong_fields(nobody, "unknown-reference") == {"/adviser_id": "unknown"}
    assert expect_wrong_fields(platform.post(PATH, json=body), "unknown-reference") == {
        "/registration_id": "unknown",
        "/certification_id": "unknown",
    }


# Answers.


def test_it_is_answered_with_who_when_and_why(admin: httpx.Client, platform: httpx.Client) -> None:
    request = open_request(platform, an_adviser(platform))

    answered = documented_body(answer(admin, request), "answerSupportRequest")

    assert (answered["status"], answered["version"]) == ("granted", 2)
    said = answered["answer"]
    assert (said["granted"], said["motive"], said["effect"]) == (True, MOTIVE, None)
    assert said["answered_at"].startswith("2026-06-15")
    assert read(platform, request) == answered


def test_it_is_answered_once(admin: httpx.Client, platform: httpx.Client) -> None:
    request = open_request(platform, an_adviser(platform))
    answer(admin, request, granted=False).raise_for_status()

    again = answer(admin, request)

    assert "rejetée" in expect_problem(again, 409, "invalid-transition")["detail"]
    assert read(admin, request)["status"] == "rejected"


def test_an_answer_sent_twice_is_replayed(admin: httpx.Client, platform: httpx.Client) -> None:
    path = f"{PATH}/{open_request(platform, an_adviser(platform))['id']}/answer"
    headers = idempotency_headers()

    first, second = (admin.post(path, json={"granted": True, "motive": MOTIVE}, headers=headers) for _ in range(2))

    assert (first.status_code, second.content) == (200, first.content)


def _carry_over(**fields: Any) -> dict[str, Any]:
    return {"effect": {"carry_over": {"units": 1, **fields}}}


def test_granting_it_has_its_effect_at_once(admin: httpx.Client, platform: httpx.Client) -> None:
    """The right carried over pays for the registration that waits."""
    waiting = waiting_registration(platform)
    bucket = {"kind": "justification", "bucket": "civil_year:2025"}
    request = open_request(platform, waiting["adviser_id"], **bucket)

    answered = answer(admin, request, **_carry_over(decided_on="2026-01-12")).raise_for_status().json()

    assert (answered["status"], answered["answer"]["effect"]) == ("granted", "carry_over")
    funded = read_registration(platform, waiting)
    assert (funded["status"], funded["entitlement"]) == ("accepted", "carry_over:civil_year:2025")


def test_a_derogation_is_granted(admin: httpx.Client, platform: httpx.Client) -> None:
    """Of the registration that the request is about, for the motive of the answer."""
    refused = refused_registration(platform)
    request = open_request(platform, refused["adviser_id"], registration_id=refused["id"])

    answered = answer(admin, request, effect={"derogation": {"waived": ["not_in_post"], "funding": "state"}})

    assert answered.raise_for_status().json()["answer"]["effect"] == "derogation"
    derogated = read_registration(admin, refused)
    assert (derogated["status"], derogated["entitlement"]) == ("accepted", "derogation")
    (latest, *_) = admin.get(f"/v1/registrations/{refused['id']}/decisions").json()["data"]
    assert (latest["automatic"], latest["motive"]) == (False, MOTIVE)


def test_attendance_is_put_right(admin: httpx.Client, platform: httpx.Client) -> None:
    missed = attended_registration(admin, "absent_unjustified")
    request = open_request(platform, missed["adviser_id"], kind="justification", registration_id=missed["id"])
    justified = {"outcome": "absent_justified", "motive": "medical_certificate"}

    answered = answer(admin, request, effect={"attendance": justified})

    assert answered.raise_for_status().json()["answer"]["effect"] == "attendance"
    put_right = read_registration(admin, missed)
    assert (put_right["status"], put_right["entitlement"]) == ("absent_justified", None)


def test_a_result_is_annulled_once(admin: httpx.Client, platform: httpx.Client) -> None:
    adviser = an_adviser(platform)
    failed = {"adviser_id": adviser, "qualification": "pix", "outcome": "failed", "on": "2025-09-12"}
    result = platform.post("/v1/certifications", json=failed).raise_for_status().json()["id"]
    first, second = (open_request(platform, adviser, certification_id=result) for _ in range(2))

    answered = answer(admin, first, effect={"annulment": {}})
    again = answer(admin, second, effect={"annulment": {}})

    assert answered.raise_for_status().json()["answer"]["effect"] == "annulment"
    annulled = admin.get(f"/v1/certifications/{result}").json()["annulled"]
    assert annulled == {"on": "2026-06-15", "motive": MOTIVE}
    assert again.status_code == 409
    assert read(platform, second)["status"] == "open"


def test_a_justified_initial_training_is_excused(admin: httpx.Client, platform: httpx.Client) -> None:
    adviser = an_adviser_in_post(platform, initial_training=None)

    def status() -> str:
        record = admin.get(f"/v1/advisers/{adviser}/training-record").raise_for_status().json()
        return next(str(item["status"]) for item in record["obligations"] if item["period"] == "initial_training")

    before = status()
    request = open_request(platform, adviser, kind="justification", period="initial_training")
    meanwhile = status()
    answer(admin, request).raise_for_status()

    assert (before, meanwhile, status()) == ("due", "due", "excused")


@pytest.mark.parametrize(
    ("effect", "pointer"),
    [
        ({"outcome": "absent_justified"}, "/effect/attendance/motive"),
        ({"outcome": "absent_justified", "motive": "hangover"}, "/effect/attendance/motive"),
        (
            {"outcome": "completed", "absences": [{"on": "2020-01-01", "justified": True}]},
            "/effect/attendance/absences/0/on",
        ),
    ],
)
def test_a_mistake_in_an_effect_is_named_where_the_answer_holds_it(
    admin: httpx.Client, platform: httpx.Client, effect: dict[str, Any], pointer: str
) -> None:
    missed = attended_registration(admin, "absent_unjustified")
    request = open_request(platform, missed["adviser_id"], registration_id=missed["id"])

    assert [*expect_wrong_fields(answer(admin, request, effect={"attendance": effect}))] == [pointer]
    assert read(platform, request) == request


def test_reasons_that_a_derogation_forgets_leave_it_open(admin: httpx.Client, platform: httpx.Client) -> None:
    refused = refused_registration(platform)
    request = open_request(platform, refused["adviser_id"], registration_id=refused["id"])

    forgotten = answer(admin, request, effect={"derogation": {"waived": [], "funding": "state"}})

    assert "not_in_post" in expect_problem(forgotten, 409, "reasons-remain")["detail"]
    assert (read(platform, request), read_registration(admin, refused)["status"]) == (request, "refused")


def test_an_effect_that_is_refused_leaves_it_open(admin: httpx.Client, platform: httpx.Client) -> None:
    request = open_request(platform, an_adviser_in_post(platform), bucket="civil_year:2025")

    refused = answer(admin, request, **_carry_over(units=5))

    expect_problem(refused, 409, "nothing-to-carry-over")
    assert read(platform, request) == request


@pytest.mark.parametrize(
    ("effect", "pointer"),
    [
        ({"carry_over": {}}, "/effect/carry_over/bucket"),
        ({"derogation": {"waived": [], "funding": "state"}}, "/effect/derogation/registration_id"),
        ({"attendance": {"outcome": "completed"}}, "/effect/attendance/registration_id"),
        ({"annulment": {}}, "/effect/annulment/certification_id"),
        ({"annulment": {"certification_id": str(uuid4())}}, "/effect/annulment/certification_id"),
    ],
)
def test_an_effect_names_what_it_is_about(
    admin: httpx.Client, platform: httpx.Client, effect: dict[str, Any], pointer: str
) -> None:
    request = open_request(platform, an_adviser(platform))

    refused = answer(admin, request, effect=effect)

    assert expect_wrong_fields(refused, "unknown-reference") == {pointer: "unknown"}
    assert read(platform, request)["status"] == "open"


@pytest.mark.parametrize(
    ("fields", "mistakes"),
    [
        ({"motive": ""}, {"/motive": "too-short"}),
        ({"granted": "yes"}, {"/granted": "invalid-type"}),
        ({"effect": {}}, {"/effect": "one-effect"}),
        ({"effect": {"carry_over": {}, "annulment": {}}}, {"/effect": "one-effect"}),
        (
            {"effect": {"derogation": {"waived": [], "funding": "state", "payer": "self"}}},
            {"/effect/derogation/payer": "payer-not-applicable"},
        ),
        ({"granted": False, "effect": {"annulment": {}}}, {"/effect": "effect-not-applicable"}),
    ],
)
def test_each_mistake_of_an_answer_is_named(
    admin: httpx.Client, fields: dict[str, Any], mistakes: dict[str, str]
) -> None:
    body = {"granted": True, "motive": MOTIVE, **fields}

    assert expect_wrong_fields(admin.post(f"{PATH}/{uuid4()}/answer", json=body)) == mistakes


def test_only_administrators_answer(admin: httpx.Client, platform: httpx.Client, organisation: httpx.Client) -> None:
    request = open_request(platform, an_adviser(platform))

    assert [answer(client, request).status_code for client in (platform, organisation)] == [403, 403]
    expect_problem(answer(admin, {"id": uuid4()}), 404, "not-found")


# Withdrawals.


def test_whoever_opened_it_withdraws_it_once(platform: httpx.Client, admin: httpx.Client) -> None:
    request = open_request(platform, an_adviser(platform))

    withdrawn = documented_body(withdraw(platform, request), "withdrawSupportRequest")

    assert (withdrawn["status"], withdrawn["answer"]) == ("withdrawn", None)
    assert withdrawn["withdrawn_at"].startswith("2026-06-15")
    assert "retirée" in expect_problem(withdraw(platform, request), 409, "invalid-transition")["detail"]
    expect_problem(answer(admin, request), 409, "invalid-transition")


def test_an_administrator_withdraws_any(platform: httpx.Client, admin: httpx.Client) -> None:
    assert withdraw(admin, open_request(platform, an_adviser(platform))).json()["status"] == "withdrawn"


# Who sees what.


def test_a_training_organisation_opens_for_its_own_registrations(
    organisation: httpx.Client, histya: httpx.Client, platform: httpx.Client
) -> None:
    registration = accepted_registration(platform)
    adviser, own = registration["adviser_id"], {"registration_id": registration["id"]}

    opened = open_request(organisation, adviser, **own)

    assert opened["opened_by"] == "training_organisation"
    foreign = histya.post(PATH, json=opening(adviser, **own))
    assert expect_wrong_fields(foreign, "unknown-reference") == {"/registration_id": "unknown"}
    assert expect_wrong_fields(organisation.post(PATH, json=opening(adviser))) == {"/registration_id": "missing"}


def test_a_training_organisation_opens_for_a_result_that_it_recorded(
    organisation: httpx.Client, platform: httpx.Client
) -> None:
    adviser = accepted_registration(platform)["adviser_id"]
    result = {"adviser_id": adviser, "qualification": "pix", "outcome": "failed", "on": "2025-09-12"}
    own = organisation.post("/v1/certifications", json=result).json()["id"]
    theirs = platform.post("/v1/certifications", json=result | {"on": "2025-09-13"}).json()["id"]

    assert open_request(organisation, adviser, certification_id=own)["certification_id"] == own
    foreign = organisation.post(PATH, json=opening(adviser, certification_id=theirs))
    assert expect_wrong_fields(foreign, "unknown-reference") == {"/certification_id": "unknown"}


def test_nobody_but_administrators_sees_what_others_opened(
    organisation: httpx.Client, histya: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    registration = accepted_registration(platform)
    adviser = registration["adviser_id"]
    register(histya, adviser, starts_on="2025-10-07", training_organisation_id=str(HISTYA)).raise_for_status()
    own = {"registration_id": registration["id"]}
    opened = {
        organisation: open_request(organisation, adviser, **own),
        platform: open_request(platform, adviser, **own),
        admin: open_request(admin, adviser, **own),
    }

    for client in (organisation, platform, histya):
        seen = {item["id"] for item in client.get(PATH, params={"adviser_id": adviser}).json()["data"]}
        assert seen == ({opened[client]["id"]} if client in opened else set())
        for request in opened.values():
            is_own = request["id"] in seen
            answered = client.get(f"{PATH}/{request['id']}")
            assert answered.status_code == (200 if is_own else 404)
            assert (TEXT in answered.text) == is_own
            if not is_own:
                expect_problem(withdraw(client, request), 404, "not-found")
    everything = admin.get(PATH, params={"adviser_id": adviser}).json()["data"]
    assert {item["id"] for item in everything} == {item["id"] for item in opened.values()}


# What is announced, remembered and erased.


async def _sequence(served: LiveServer) -> None:
    database = open_database(served.database_url, pool_size=2)
    while await sequence_events(database, MORNING):
        pass
    await database.close()


def _events(client: httpx.Client, request: dict[str, Any]) -> list[dict[str, Any]]:
    page = client.get("/v1/events", params={"types": "support_request.*", "limit": 500}).json()
    return [event for event in page["data"] if event["subject"]["id"] == request["id"]]


async def test_it_is_announced_without_its_text(
    served: LiveServer,
    platform: httpx.Client,
    organisation: httpx.Client,
    histya: httpx.Client,
    admin: httpx.Client,
) -> None:
    registration = accepted_registration(platform)
    own = {"registration_id": registration["id"]}
    by_platform = open_request(platform, registration["adviser_id"], **own)
    by_organisation = open_request(organisation, registration["adviser_id"], **own)
    answer(admin, by_organisation, granted=False).raise_for_status()
    await _sequence(served)

    (opened,) = _events(platform, by_platform)
    assert opened["type"] == "support_request.opened"
    assert opened["subject"] == {"type": "support_request", "id": by_platform["id"], "version": 1}
    assert opened["data"] == {"kind": "contestation", "status": "open", "certification_id": None, **own}
    assert [item["data"]["status"] for item in _events(organisation, by_organisation)] == ["open", "rejected"]
    assert _events(organisation, by_platform) == _events(histya, by_organisation) == []
    assert str(LA_MEDNUM) not in str(opened)
    for event in (*_events(platform, by_platform), *_events(platform, by_organisation)):
        assert TEXT not in str(event)
        assert MOTIVE not in str(event)


async def _recipients(served: LiveServer, request: dict[str, Any]) -> list[str]:
    """Of the event of its opening."""
    database = open_database(served.database_url, pool_size=1)
    row = await database.one("SELECT recipients FROM outbox WHERE subject_id = $1", UUID(request["id"]))
    await database.close()
    return list(row["recipients"]) if row else []


async def test_an_employer_is_told_of_a_contested_refusal_that_it_must_put_right(
    served: LiveServer, platform: httpx.Client, organisation: httpx.Client
) -> None:
    refused, paid = refused_registration(platform), waiting_registration(platform)
    post_action(platform, paid, "choice", choice="keep", payer="employer").raise_for_status()

    def opened(registration: dict[str, Any], client: httpx.Client = platform, **fields: Any) -> dict[str, Any]:
        return open_request(client, registration["adviser_id"], registration_id=registration["id"], **fields)

    told = ["adviser", "employer"]
    assert await _recipients(served, opened(refused)) == told
    assert await _recipients(served, opened(paid)) == told
    assert await _recipients(served, opened(paid, organisation)) == [*told, "training_organisation"]
    assert await _recipients(served, opened(refused, kind="justification")) == ["adviser"]
    assert await _recipients(served, opened(accepted_registration(platform))) == ["adviser"]
    assert await _recipients(served, open_request(platform, refused["adviser_id"])) == ["adviser"]


def test_the_audit_log_names_what_was_done(platform: httpx.Client, admin: httpx.Client) -> None:
    request = open_request(platform, an_adviser(platform))
    answer(admin, request).raise_for_status()
    read(admin, request)

    actions = {"openSupportRequest", "answerSupportRequest", "getSupportRequest"}
    found = admin.get("/v1/audit-log", params={"subject_id": request["id"]}).json()["data"]
    lines = [line for line in found if line["action"] in actions]

    assert {line["action"] for line in lines} == actions
    assert all(request["adviser_id"] in line["subject_ids"] for line in lines)


def test_its_texts_are_exported_and_erased(platform: httpx.Client, admin: httpx.Client) -> None:
    adviser = an_adviser(platform)
    request = open_request(platform, adviser)
    answer(admin, request).raise_for_status()

    exported = admin.get(f"/v1/advisers/{adviser}/export").text
    admin.delete(f"/v1/advisers/{adviser}", headers={"If-Match": "*"}).raise_for_status()

    assert TEXT in exported
    assert MOTIVE in exported
    left = read(platform, request)
    assert (left["text"], left["answer"]["motive"], left["status"]) == (None, None, "granted")
    expect_problem(platform.post(PATH, json=opening(adviser)), 409, "adviser-anonymised")
    expect_problem(withdraw(platform, request), 409, "adviser-anonymised")
