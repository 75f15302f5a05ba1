"""Results over HTTP: refused with the field that is wrong, annulled, and a jury's answered line by line."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import MORNING, FakeClock
from tests.http_builders import an_adviser
from tests.live_server import idempotency_headers

Body = dict[str, Any]
NOBODY = "00000000-0000-4000-8000-000000000000"
MOTIVE = "Saisi pour une autre personne"


def a_result(adviser: str, **fields: Any) -> Body:
    return {"adviser_id": adviser, "qualification": "remn-ccp1", "outcome": "obtained", "on": "2025-03-12", **fields}


def record(client: httpx.Client, adviser: str, **fields: Any) -> Body:
    answer = client.post("/v1/certifications", json=a_result(adviser, **fields))
    recorded: Body = documented_body(answer, "recordCertification")
    return recorded


def annul(client: httpx.Client, result: Body, motive: str = MOTIVE) -> httpx.Response:
    path = f"/v1/certifications/{result['id']}/annulment"
    return client.post(path, json={"motive": motive}, headers=idempotency_headers())


def jury(client: httpx.Client, *results: Body, key: dict[str, str] | None = None) -> httpx.Response:
    return client.post("/v1/certifications/batch", json={"data": results}, headers=key or idempotency_headers())


@pytest.mark.parametrize(
    ("fields", "pointer", "code", "sentence"),
    [
        ({"on": "2026-06-16"}, "/on", "date-in-future", "aujourd’hui"),
        ({"on": "2025-07-13"}, "/on", "title-not-delivered", "du 13 juillet 2019 au 12 juillet 2025"),
        (
            {"qualification": "mediateur-numerique-ccp1", "on": "2025-07-12"},
            "/on", "title-not-delivered", "depuis le 13 juillet 2025",
        ),
        ({"outcome": "absent_justified"}, "/motive", "motive-not-valid", "medical_certificate, force_majeure"),
        ({"outcome": "absent_unjustified", "motive": "force_majeure"}, "/motive", "motive-not-valid", "justifiée"),
    ],
)  # fmt: skip
def test_a_result_that_cannot_be_is_refused_at_its_field(
    platform: httpx.Client, fields: Body, pointer: str, code: str, sentence: str
) -> None:
    answer = platform.post("/v1/certifications", json=a_result(an_adviser(platform), **fields))

    assert expect_wrong_fields(answer) == {pointer: code}
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize("outcome", ["obtained", "failed"])
def test_a_second_result_of_a_title_and_a_day_is_refused(platform: httpx.Client, outcome: str) -> None:
    adviser = an_adviser(platform)
    record(platform, adviser)

    answer = platform.post("/v1/certifications", json=a_result(adviser, outcome=outcome))

    expect_problem(answer, 409, "result-exists")
    assert "12 mars 2025" in answer.json()["detail"]


def test_an_annulled_result_is_shown_as_such_and_may_be_replaced(admin: httpx.Client) -> None:
    adviser = an_adviser(admin)
    wrong = record(admin, adviser)
    assert (wrong["annulled"], wrong["replacement"] is None) == (None, False)

    annulled = documented_body(annul(admin, wrong), "annulCertification")

    assert annulled["annulled"] == {"on": "2026-06-15", "motive": MOTIVE}
    assert (annulled["version"], annulled["replacement"], annulled["next_attempt_payer"]) == (2, None, None)
    assert admin.get(f"/v1/certifications/{wrong['id']}").json() == annulled
    record(admin, adviser, outcome="failed")
    listed = admin.get("/v1/certifications", params={"adviser_id": adviser}).json()["data"]
    assert [(item["outcome"], item["annulled"] is None) for item in listed] == [("obtained", False), ("failed", True)]


def test_a_result_is_annulled_once(admin: httpx.Client) -> None:
    wrong = record(admin, an_adviser(admin))
    annul(admin, wrong).raise_for_status()

    answer = annul(admin, wrong, "Une autre raison")

    expect_problem(answer, 409, "invalid-transition")
    assert "annulled" in answer.json()["detail"]


def test_an_organisation_annuls_its_own_results_for_thirty_days(
    platform: httpx.Client, organisation: httpx.Client, clock: FakeClock
) -> None:
    in_time, late = (record(organisation, an_adviser(platform)) for _ in range(2))
    clock.now = MORNING + timedelta(days=30)

    assert annul(organisation, in_time).json()["annulled"] == {"on": "2026-07-15", "motive": MOTIVE}
    clock.now += timedelta(days=1)
    answer = annul(organisation, late)

    expect_problem(answer, 409, "too-late-to-correct")
    assert "15 juillet 2026" in answer.json()["detail"]


def test_who_did_not_record_it_annuls_nothing(
    platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> None:
    of_la_mednum = record(organisation, an_adviser(platform))
    of_nobody = record(platform, an_adviser(platform))

    expect_problem(annul(histya, of_la_mednum), 404, "not-found")
    expect_problem(annul(organisation, of_nobody), 404, "not-found")
    expect_problem(annul(platform, of_nobody), 403, "forbidden")
    expect_problem(annul(platform, {"id": NOBODY}), 403, "forbidden")
    for result in (of_la_mednum, of_nobody):
        assert platform.get(f"/v1/certifications/{result['id']}").json()["annulled"] is None


@pytest.mark.parametrize("body", [{}, {"motive": ""}, {"motive": None}, {"motive": "x", "on": "2026-06-15"}])
def test_an_annulment_says_why_and_nothing_else(admin: httpx.Client, body: Body) -> None:
    wrong = record(admin, an_adviser(admin))

    answer = admin.post(f"/v1/certifications/{wrong['id']}/annulment", json=body)

    assert expect_wrong_fields(answer).keys() in ({"/motive"}, {"/on"})


def test_an_annulment_is_told_without_its_motive(admin: httpx.Client) -> None:
    wrong = record(admin, an_adviser(admin))
    head = admin.get("/v1/events", params={"after": "now"}).json()["next"]

    annul(admin, wrong).raise_for_status()

    page = admin.get("/v1/events", params={"after": head, "types": "certification.annulled"}).json()
    (event,) = [item for item in page["data"] if item["subject"]["id"] == wrong["id"]]
    assert event["subject"] == {"type": "certification", "id": wrong["id"], "version": 2}
    assert event["data"] == {
        "qualification": "remn-ccp1", "outcome": "obtained", "on": "2025-03-12", "annulled_on": "2026-06-15",
    }  # fmt: skip


def test_a_jury_is_answered_line_by_line(organisation: httpx.Client, platform: httpx.Client) -> None:
    one, other = an_adviser(platform), an_adviser(platform)

    answer = jury(
        organisation,
        a_result(one),
        a_result(one, outcome="failed"),
        a_result(NOBODY),
        a_result(other, on="2026-06-16"),
        a_result(other, outcome="failed"),
    )

    lines = documented_body(answer, "recordJuryResults")["data"]
    assert [line["index"] for line in lines] == [0, 1, 2, 3, 4]
    kept = {line["index"]: line["certification"] for line in lines if line["problem"] is None}
    assert {index: (item["adviser_id"], item["outcome"]) for index, item in kept.items()} == {
        0: (one, "obtained"), 4: (other, "failed"),
    }  # fmt: skip
    assert {item["training_organisation_id"] for item in kept.values()} == {str(LA_MEDNUM)}
    refused = {line["index"]: line["problem"] for line in lines if line["certification"] is None}
    assert {index: (item["status"], item["code"]) for index, item in refused.items()} == {
        1: (409, "result-exists"), 2: (422, "unknown-reference"), 3: (422, "validation-error"),
    }  # fmt: skip
    assert [error["pointer"] for error in refused[2]["errors"]] == ["/data/2/adviser_id"]
    assert [error["pointer"] for error in refused[3]["errors"]] == ["/data/3/on"]
    for index, item in kept.items():
        assert organisation.get(f"/v1/certifications/{item['id']}").json() == item, index


def test_a_jury_sent_again_gets_the_same_answer(platform: httpx.Client) -> None:
    adviser, key = an_adviser(platform), idempotency_headers()
    first = jury(platform, a_result(adviser), key=key)

    again = jury(platform, a_result(adviser), key=key)

    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    expect_problem(jury(platform, a_result(adviser), a_result(adviser), key=key), 422, "idempotency-key-reused")


def test_a_body_that_is_no_jury_is_refused_whole(platform: httpx.Client) -> None:
    adviser = an_adviser(platform)

    assert expect_wrong_fields(jury(platform)).keys() == {"/data"}
    assert expect_wrong_fields(jury(platform, *[a_result(adviser)] * 301)).keys() == {"/data"}
    misspelt = jury(platform, a_result(adviser), a_result(adviser, on="2025-02-30"))
    assert expect_wrong_fields(misspelt).keys() == {"/data/1/on"}
    assert platform.get("/v1/certifications", params={"adviser_id": adviser}).json()["data"] == []


def test_an_organisation_brings_no_jury_of_another(organisation: httpx.Client, platform: httpx.Client) -> None:
    adviser = an_adviser(platform)

    answer = jury(organisation, a_result(adviser), a_result(adviser, training_organisation_id=str(HISTYA)))

    expect_problem(answer, 403, "forbidden")
    assert platform.get("/v1/certifications", params={"adviser_id": adviser}).json()["data"] == []
