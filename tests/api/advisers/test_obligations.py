"""Exams to present and modules to follow, listed over HTTP as the rules see them on the day."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.api.http.authorised_request import AuthorisedRequest
from app.seed.published_catalogue import HISTYA
from tests.api.response_assertions import documented_body, expect_problem
from tests.fake_clock import FakeClock
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post, register

Body = dict[str, Any]
EXAMS, OBLIGATIONS = "/v1/certifications/due", "/v1/obligations"
OPERATIONS = {EXAMS: "listDueCertifications", OBLIGATIONS: "listObligations"}
# The REMN was delivered then, and six months were left to present its CCP1; two, later.
TRAINED = {"entered_on": "2026-03-02", "ended_on": "2026-04-20"}
CCP1 = "mediateur-numerique-ccp1"


def pages(client: httpx.Client, path: str, **asked: str | int) -> Iterator[list[Body]]:
    """Every page, by following the links."""
    answer = client.get(path, params={"limit": 500, **asked})
    yield documented_body(answer, OPERATIONS[path])["data"]
    while "next" in answer.links:
        answer = client.get(answer.links["next"]["url"])
        yield documented_body(answer, OPERATIONS[path])["data"]


def listed(client: httpx.Client, path: str, adviser_id: str, **asked: str | int) -> list[Body]:
    """The rows of this adviser."""
    found = [line for page in pages(client, path, **asked) for line in page if line["adviser_id"] == adviser_id]
    return [{name: value for name, value in line.items() if name != "adviser_id"} for line in found]


def sit(client: httpx.Client, adviser_id: str, qualification: str, outcome: str, on: str = "2026-05-12") -> Body:
    result = {"adviser_id": adviser_id, "qualification": qualification, "outcome": outcome, "on": on}
    recorded: Body = client.post("/v1/certifications", json=result).raise_for_status().json()
    return recorded


@pytest.mark.parametrize(("day", "status"), [(20, "due"), (21, "overdue")])
def test_the_exams_of_whoever_ended_initial_training_are_listed(
    platform: httpx.Client, clock: FakeClock, day: int, status: str
) -> None:
    clock.now = clock.now.replace(day=day)
    adviser_id = an_adviser(platform, initial_training=TRAINED)

    found = listed(platform, EXAMS, adviser_id)

    line = {"status": status, "due_on": "2026-06-20", "next_attempt_payer": "state"}
    assert found == [{"qualification": CCP1, **line}, {"qualification": "pix", **line}]
    assert listed(platform, EXAMS, adviser_id, status=status) == found
    assert listed(platform, EXAMS, adviser_id, status="met") == []


def test_what_became_of_an_exam_is_listed_with_who_pays_the_next_one(platform: httpx.Client) -> None:
    adviser_id = an_adviser(platform, initial_training=TRAINED)
    sit(platform, adviser_id, CCP1, "failed")
    sit(platform, adviser_id, "pix", "absent_unjustified")

    met, due = (listed(platform, EXAMS, adviser_id, status=status) for status in ("met", "due"))

    assert [(line["qualification"], line["next_attempt_payer"]) for line in met] == [(CCP1, "employer")]
    assert [(line["qualification"], line["next_attempt_payer"]) for line in due] == [("pix", "employer")]


def test_an_exam_obtained_is_met_and_nobody_pays(platform: httpx.Client) -> None:
    adviser_id = an_adviser(platform, initial_training=TRAINED)
    sit(platform, adviser_id, CCP1, "obtained")

    (found,) = listed(platform, EXAMS, adviser_id, status="met")

    assert (found["qualification"], found["next_attempt_payer"]) == (CCP1, None)


@pytest.mark.parametrize(
    "history", [None, {"entered_on": "2026-03-02", "ended_on": None}], ids=["exempt", "not ended yet"]
)
def test_nothing_is_due_of(platform: httpx.Client, history: Body | None) -> None:
    adviser_id = an_adviser(platform, initial_training=history)
    sit(platform, adviser_id, "catic", "obtained", on="2018-06-22")

    assert listed(platform, EXAMS, adviser_id) == []


def test_an_organisation_sees_the_exams_of_its_own_advisers(
    platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> None:
    adviser_id = an_adviser_in_post(platform, initial_training=TRAINED)
    register(platform, adviser_id)

    assert listed(organisation, EXAMS, adviser_id) == listed(platform, EXAMS, adviser_id) != []
    assert listed(histya, EXAMS, adviser_id) == []


def test_an_organisation_sees_no_others_even_without_a_filter(
    platform: httpx.Client, organisation: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = (an_adviser_in_post(platform, initial_training=TRAINED) for _ in range(2))
    register(platform, ours)
    register(platform, theirs, training_organisation_id=str(HISTYA))
    monkeypatch.setattr(AuthorisedRequest, "owner", None)

    assert listed(organisation, EXAMS, theirs) == []
    assert listed(organisation, EXAMS, ours) != []


def test_the_exams_of_training_given_elsewhere_are_seen_too(
    platform: httpx.Client, admin: httpx.Client, organisation: httpx.Client
) -> None:
    """The registration that completed it is another organisation's, which this one is not shown."""
    adviser_id = an_adviser_in_post(platform, initial_training=None)
    entry = {"module_code": "formation-initiale", "training_organisation_id": la_fabrik(platform)}
    session = {"starts_on": "2026-03-02", "ends_on": "2026-04-20", "format": "remote"}
    training = register(platform, adviser_id, session=session, **entry).json()
    attended = {"outcome": "completed"}
    admin.post(f"/v1/registrations/{training['id']}/attendance", json=attended, headers={"Idempotency-Key": "a" * 16})
    register(platform, adviser_id, starts_on="2026-09-15")

    assert len(listed(organisation, EXAMS, adviser_id)) == 2


def la_fabrik(client: httpx.Client) -> str:
    organisations = client.get("/v1/training-organisations").json()["data"]
    return next(str(item["id"]) for item in organisations if "Fabrik" in item["name"])


def owed(period: str, due_on: str | None, status: str, *, required: int = 1, excused_by: str | None = None) -> Body:
    """A line of the list, of an adviser who has followed nothing."""
    return {
        "period": period,
        "required": required,
        "followed": 0,
        "due_on": due_on,
        "status": status,
        "excused_by": excused_by,
    }


def test_the_modules_that_must_be_followed_are_listed(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)

    found = listed(admin, OBLIGATIONS, adviser_id)

    assert found == [
        owed("civil_year:2024", "2025-03-31", "late"),
        owed("civil_year:2025", "2025-12-31", "late"),
        owed("civil_year:2026", "2026-12-31", "due"),
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"year": 2024}, ["civil_year:2024"]),
        ({"year": 2026, "status": "due"}, ["civil_year:2026"]),
        ({"year": 2026, "status": "late"}, []),
        ({"status": "late"}, ["civil_year:2024", "civil_year:2025"]),
        ({"year": 2027}, []),
    ],
    ids=str,
)
def test_obligations_are_listed_by_year_and_status(admin: httpx.Client, asked: Body, expected: list[str]) -> None:
    adviser_id = an_adviser_in_post(admin)

    assert [line["period"] for line in listed(admin, OBLIGATIONS, adviser_id, **asked)] == expected


def test_a_first_year_belongs_to_the_year_in_which_it_ends(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin, initial_training={"entered_on": "2025-09-15", "ended_on": None})
    a_contract(admin, adviser_id, starts_on="2025-09-01")

    (found,) = listed(admin, OBLIGATIONS, adviser_id, year=2026)

    assert found == owed("first_year", "2026-09-15", "due", required=2)
    assert listed(admin, OBLIGATIONS, adviser_id, year=2025) == []


def test_an_obligation_excused_by_a_carry_over_is_listed_as_excused(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité"}
    admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json=report).raise_for_status()

    assert listed(admin, OBLIGATIONS, adviser_id, status="excused") == [
        owed("civil_year:2025", "2025-12-31", "excused", excused_by="carry_over")
    ]


def test_whoever_had_left_by_the_day_it_was_due_is_listed_as_excused(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin)
    a_contract(admin, adviser_id, type="CDD", starts_on="2022-01-10", ends_on="2025-06-30")

    assert listed(admin, OBLIGATIONS, adviser_id) == [
        owed("civil_year:2024", "2025-03-31", "late"),
        owed("civil_year:2025", "2025-12-31", "excused", excused_by="not_in_post"),
    ]


@pytest.mark.parametrize(
    ("year", "is_listed"), [(2024, False), (2025, True), (2026, True), (2027, False)], ids=["", "since", "today", ""]
)
def test_initial_training_is_listed_for_each_year_that_it_is_owed(
    admin: httpx.Client, year: int, *, is_listed: bool
) -> None:
    adviser_id = an_adviser(admin, initial_training=None)
    a_contract(admin, adviser_id, starts_on="2025-02-03")

    found = listed(admin, OBLIGATIONS, adviser_id, year=year)

    assert found == ([owed("initial_training", None, "due")] if is_listed else [])
    assert listed(admin, OBLIGATIONS, adviser_id, year=year, status="late") == []


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (EXAMS, {"status": "late"}),
        (OBLIGATIONS, {"status": "overdue"}),
        (OBLIGATIONS, {"year": "1949"}),
        (OBLIGATIONS, {"year": "deux mille"}),
        (EXAMS, {"updated_since": "2026-01-01T00:00:00Z"}),
    ],
    ids=str,
)
def test_an_invalid_filter_is_refused(admin: httpx.Client, path: str, asked: Body) -> None:
    expect_problem(admin.get(path, params=asked), 400, "invalid-parameter")


def test_a_cursor_is_valid_for_its_own_list_only(admin: httpx.Client) -> None:
    for _ in range(2):
        an_adviser_in_post(admin, initial_training=TRAINED)
    cursor = admin.get(EXAMS, params={"limit": 1}).json()["pagination"]["next"]

    expect_problem(admin.get(OBLIGATIONS, params={"limit": 1, "cursor": cursor}), 400, "invalid-cursor")
    expect_problem(admin.get(EXAMS, params={"limit": 1, "cursor": cursor, "status": "due"}), 400, "invalid-cursor")


@pytest.mark.parametrize(
    ("period", "answer", "expected"),
    [
        ("initial_training", {"granted": True}, owed("initial_training", None, "excused", excused_by="justification")),
        ("initial_training", {"granted": False}, owed("initial_training", None, "due")),
        ("civil_year:2026", {"granted": True}, owed("initial_training", None, "due")),
        ("initial_training", None, owed("initial_training", None, "due")),
    ],
    ids=["granted", "rejected", "of another period", "unanswered"],
)
def test_a_granted_justification_excuses_initial_training(
    admin: httpx.Client, period: str, answer: Body | None, expected: Body
) -> None:
    adviser_id = an_adviser_in_post(admin, initial_training=None)
    asked = {
        "kind": "justification",
        "adviser_id": adviser_id,
        "period": period,
        "text": "Congé parental jusqu’en mars.",
    }
    request = admin.post("/v1/support-requests", json=asked).raise_for_status().json()

    if answer is not None:
        given = {"motive": "Congé parental", **answer}
        admin.post(f"/v1/support-requests/{request['id']}/answer", json=given).raise_for_status()

    assert listed(admin, OBLIGATIONS, adviser_id) == [expected]
