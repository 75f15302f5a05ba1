"""Sessions are published, read, and what they say is checked (POST, PUT, GET /v1/sessions)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.live_server import idempotency_headers
from tests.session_builders import RENNES, a_session, session_body

Body = dict[str, Any]
DAYS = {"starts_on": "2026-10-05", "ends_on": "2026-10-06"}
MORNING = {"on": "2026-10-05", "from": "09:00", "until": "12:30"}
AFTERNOON = {"on": "2026-10-05", "from": "12:30", "until": "17:00"}


def publish(client: httpx.Client, **fields: Any) -> httpx.Response:
    return client.post("/v1/sessions", json=session_body(**fields))


def test_a_published_session_is_shown_as_it_was_said(organisation: httpx.Client, platform: httpx.Client) -> None:
    said = {
        **DAYS,
        "reference": f"MED-{uuid4()}",
        "hours": [MORNING, AFTERNOON, {"on": "2026-10-06", "from": "09:00", "until": "17:00"}],
        "format": "on_site",
        "place": RENNES,
        "link": "https://visio.example.org/salle?nom=1",
        "seats": {"minimum": 6, "maximum": 12},
        "registration_closes_on": "2026-09-25",
    }

    answer = publish(organisation, **said)

    body: Body = documented_body(answer, "publishSession")
    assert answer.status_code == 201
    assert body | said | {"seats": {"minimum": 6, "maximum": 12, "taken": 0, "waiting": 0}} == body
    assert (body["status"], body["version"], body["progress"]) == ("open", 1, None)
    assert answer.headers["Location"].endswith(f"/v1/sessions/{body['id']}")
    read = platform.get(answer.headers["Location"])
    assert (read.json(), read.headers["ETag"]) == (body, answer.headers["ETag"])
    assert documented_body(read, "getSession") == body


def test_what_is_not_said_has_no_limit(organisation: httpx.Client) -> None:
    body = session_body(starts_on="2026-10-05")
    for name in ("place", "training_organisation_id"):
        del body[name]

    published: Body = documented_body(organisation.post("/v1/sessions", json=body), "publishSession")

    assert published["training_organisation_id"] == str(LA_MEDNUM)
    assert published["seats"] == {"minimum": None, "maximum": None, "taken": 0, "waiting": 0}
    nothing = ("reference", "place", "link", "registration_closes_on", "confirmed_at", "cancelled_at")
    assert [published[name] for name in nothing] == [None] * len(nothing)
    assert published["hours"] == []


def test_a_caller_may_choose_the_identifier(organisation: httpx.Client) -> None:
    path = f"/v1/sessions/{uuid4()}"

    created = organisation.put(path, json=session_body())

    assert created.status_code == 201
    assert created.headers["Location"].endswith(path)
    expect_problem(organisation.put(path, json=session_body(format="remote")), 428, "precondition-required")
    etag = created.headers["ETag"]
    same = organisation.put(path, json=session_body(), headers={"If-Match": etag})
    assert (same.status_code, same.json()) == (200, created.json())
    replaced = organisation.put(path, json=session_body(format="remote", place=None), headers={"If-Match": etag})
    assert (replaced.status_code, replaced.json()["version"], replaced.json()["place"]) == (200, 2, None)
    expect_problem(organisation.put(path, json=session_body(), headers={"If-Match": etag}), 412, "precondition-failed")
    assert expect_wrong_fields(organisation.put(path, json={**session_body(), "id": str(uuid4())})) == {
        "/id": "mismatch"
    }
    assert "/id" in expect_wrong_fields(publish(organisation, id=str(uuid4())))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"ends_on": "2026-10-04"}, {"/ends_on": "order"}),
        ({"starts_on": "2026-13-01"}, {"/starts_on": "invalid-date"}),
        ({"starts_on": "2029-07-01", "ends_on": "2029-07-01"}, {"/starts_on": "date-too-far"}),
        ({"hours": [{**MORNING, "on": "2026-10-07"}]}, {"/hours/0/on": "not-in-session"}),
        ({"hours": [AFTERNOON, {**MORNING, "until": "12:31"}]}, {"/hours/0/until": "order"}),
        ({"hours": [{**MORNING, "until": "09:00"}]}, {"/hours/0/until": "order"}),
        ({"hours": [{**MORNING, "until": "24:00"}]}, {"/hours/0/until": "invalid-format"}),
        ({"hours": [{**MORNING, "from": "9:00"}]}, {"/hours/0/from": "invalid-format"}),
        ({"hours": [{"on": "2026-10-05", "from": "09:00"}]}, {"/hours/0/until": "missing"}),
        ({"hours": [MORNING] * 401}, {"/hours": "too-long"}),
        ({"format": "hybrid"}, {"/format": "format-not-offered"}),
        ({"format": "by_post"}, {"/format": "not-one-of"}),
        ({"seats": {"minimum": 13, "maximum": 12}}, {"/seats/maximum": "too-few-seats"}),
        ({"seats": {"maximum": 0}}, {"/seats/maximum": "out-of-range"}),
        ({"seats": {"maximum": 10_001}}, {"/seats/maximum": "out-of-range"}),
        ({"seats": {"maximum": "12"}}, {"/seats/maximum": "invalid-type"}),
        ({"seats": {"limit": 3}}, {"/seats/limit": "unknown-field"}),
        ({"registration_closes_on": "2026-10-07"}, {"/registration_closes_on": "order"}),
        ({"link": "javascript:alert(1)"}, {"/link": "invalid-format"}),
        ({"link": "visio.example.org"}, {"/link": "invalid-format"}),
        ({"place": {**RENNES, "department": "99"}}, {"/place/department": "invalid-format"}),
        ({"place": {"address": "10 cours des Alliés"}}, {"/place/name": "missing"}),
        ({"reference": ""}, {"/reference": "too-short"}),
        ({"reference": "r" * 101}, {"/reference": "too-long"}),
        ({"module_code": None}, {"/module_code": "invalid-type"}),
        ({"status": "confirmed"}, {"/status": "unknown-field"}),
    ],
)
def test_what_a_session_says_is_checked(organisation: httpx.Client, fields: Body, wrong: dict[str, str]) -> None:
    module = "cafe-ia" if fields.get("format") == "hybrid" else "numerique-responsable"

    found = expect_wrong_fields(publish(organisation, **{"module_code": module, **DAYS, **fields}))

    assert found.keys() == wrong.keys()
    assert found == wrong


def test_what_a_session_names_must_exist(admin: httpx.Client) -> None:
    named = {"module_code": "no-such-module", "training_organisation_id": str(uuid4())}

    found = expect_wrong_fields(publish(admin, **named), "unknown-reference")

    assert found == {"/module_code": "unknown", "/training_organisation_id": "unknown"}
    body = session_body()
    del body["training_organisation_id"]
    assert expect_wrong_fields(admin.post("/v1/sessions", json=body)) == {"/training_organisation_id": "missing"}


def test_a_session_that_has_started_says_that_it_records_the_past(organisation: httpx.Client) -> None:
    refused = publish(organisation, starts_on="2026-06-15", ends_on="2026-06-16")

    assert expect_wrong_fields(refused, "session-started") == {"/starts_on": "session-started"}
    published = publish(organisation, starts_on="2026-06-15", ends_on="2026-06-16", regularisation=True)
    assert (published.status_code, published.json()["status"]) == (201, "open")
    over = publish(organisation, starts_on="2026-06-11", ends_on="2026-06-12", regularisation=True)
    assert over.json()["status"] == "held"


def test_a_reference_is_given_once_in_an_organisation(organisation: httpx.Client, histya: httpx.Client) -> None:
    reference = f"R-{uuid4()}"
    first = a_session(organisation, reference=reference)

    taken = expect_problem(publish(organisation, reference=reference), 409, "reference-taken")

    assert taken["errors"] == [{"pointer": "/reference", "code": "taken", "detail": taken["errors"][0]["detail"]}]
    assert first in taken["detail"]
    assert publish(histya, reference=reference, training_organisation_id=str(HISTYA)).status_code == 201
    other = a_session(organisation)
    patched = organisation.patch(f"/v1/sessions/{other}", json={"reference": reference}, headers={"If-Match": "*"})
    expect_problem(patched, 409, "reference-taken")
    assert publish(organisation, reference=None).status_code == 201


def test_of_many_at_once_one_gets_the_reference_and_the_others_are_told(organisation: httpx.Client) -> None:
    reference = f"R-{uuid4()}"
    others = [a_session(organisation) for _ in range(4)]

    def ask(place: int) -> httpx.Response:
        if place < len(others):
            path = f"/v1/sessions/{others[place]}"
            return organisation.patch(path, json={"reference": reference}, headers={"If-Match": "*"})
        return publish(organisation, reference=reference)

    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(ask, range(12))]

    assert sum(answer.is_success for answer in answers) == 1
    for answer in answers:
        if not answer.is_success:
            expect_problem(answer, 409, "reference-taken")


def test_the_same_key_publishes_once(organisation: httpx.Client) -> None:
    headers, body = idempotency_headers(), session_body(reference=f"R-{uuid4()}")

    first, again = (organisation.post("/v1/sessions", json=body, headers=headers) for _ in range(2))

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.headers[name] for name in ("ETag", "Location")] == [
        first.headers[name] for name in ("ETag", "Location")
    ]
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    other = organisation.post("/v1/sessions", json={**body, "reference": None}, headers=headers)
    expect_problem(other, 422, "idempotency-key-reused")
    taken = idempotency_headers()
    conflicts = [organisation.post("/v1/sessions", json=body, headers=taken) for _ in range(2)]
    assert conflicts[0].content == conflicts[1].content
    expect_problem(conflicts[1], 409, "reference-taken")


def test_an_organisation_publishes_its_own_only(
    organisation: httpx.Client, histya: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    path = f"/v1/sessions/{a_session(organisation)}"

    expect_problem(publish(histya), 403, "forbidden")
    expect_problem(publish(platform), 403, "forbidden")
    expect_problem(platform.patch(path, json={"link": None}), 403, "forbidden")
    own = {"training_organisation_id": str(HISTYA)}
    expect_problem(histya.put(path, json=session_body(**own), headers={"If-Match": "*"}), 403, "forbidden")
    for body in ({"link": None}, own):
        expect_problem(histya.patch(path, json=body, headers={"If-Match": "*"}), 403, "forbidden")
    for action in ("confirmation", "cancellation"):
        expect_problem(histya.post(f"{path}/{action}", headers=idempotency_headers()), 403, "forbidden")
        expect_problem(platform.post(f"{path}/{action}", headers=idempotency_headers()), 403, "forbidden")
    line = {"data": [{"registration_id": str(uuid4()), "outcome": "completed"}]}
    expect_problem(histya.post(f"{path}/attendance", json=line), 403, "forbidden")
    assert [client.get(path).status_code for client in (histya, platform, admin)] == [200, 200, 200]
    assert admin.patch(path, json={"seats": {"maximum": 8}}, headers={"If-Match": "*"}).status_code == 200
    assert publish(admin, **own).status_code == 201


def test_what_is_published_leaves_a_trace(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(organisation)
    organisation.patch(f"/v1/sessions/{session}", json={"seats": {"maximum": 8}}, headers={"If-Match": "*"})
    organisation.post(f"/v1/sessions/{session}/confirmation", headers=idempotency_headers()).raise_for_status()

    entries = admin.get("/v1/audit-log", params={"subject_id": session}).raise_for_status().json()["data"]

    written = [entry["action"] for entry in entries if entry["action"] != "searchAuditLog"]
    assert sorted(written) == ["confirmSession", "patchSession", "publishSession"]


@pytest.mark.parametrize("path", ["", "/confirmation", "/cancellation", "/roster", "/calendar.ics"])
def test_an_unknown_session_is_not_found(admin: httpx.Client, path: str) -> None:
    url = f"/v1/sessions/{uuid4()}{path}"

    method = "POST" if path in {"/confirmation", "/cancellation"} else "GET"
    expect_problem(admin.request(method, url, headers=idempotency_headers()), 404, "not-found")
    expect_problem(admin.patch(f"/v1/sessions/{uuid4()}", json={"link": None}), 404, "not-found")
    lines = {"data": [{"registration_id": str(uuid4()), "outcome": "completed"}]}
    expect_problem(admin.post(f"/v1/sessions/{uuid4()}/attendance", json=lines), 404, "not-found")
