"""Versions of the policy: tried, added, read. Past decisions do not change, the next ones follow the new version."""

import asyncio
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.api.administration.policy_requests import PolicyRequest
from app.persistence.engine.database import open_database
from app.seed.published_catalogue import LA_FABRIK, LA_MEDNUM, published_policy
from tests.api.registration_states import reschedule
from tests.api.response_assertions import expect_problem, expect_wrong_fields
from tests.http_builders import a_contract, an_adviser_in_post, policy_body, register
from tests.live_server import LiveServer, idempotency_headers

Body = dict[str, Any]
IN_JANUARY = datetime(2025, 1, 15, 8, 30, tzinfo=UTC)
AFTER_2024: Body = {"two_modules": {"entered_on_or_after": "2025-01-01", "count": 2, "window_months": 12}}


@pytest.fixture
def january_service(own_service: LiveServer) -> LiveServer:
    """A service of the test's own, in January 2025: a policy concerns every adviser."""
    own_service.clock.now = IN_JANUARY
    return own_service


@pytest.fixture
def own_admin(january_service: LiveServer) -> Generator[httpx.Client]:
    """An administrator."""
    with january_service.client("admin") as client:
        yield client


def entered(client: httpx.Client, day: str | None, *first_days: str) -> list[Body]:
    """The registrations of a new adviser, for sessions that begin on these days."""
    history = {"entered_on": day, "ended_on": None} if day else None
    adviser_id = an_adviser_in_post(client, initial_training=history)
    return [
        register(client, adviser_id, starts_on=each, requested_on="2025-01-15").raise_for_status().json()
        for each in first_days
    ]


def tried(client: httpx.Client, **groups: Any) -> list[Body]:
    found: list[Body] = (
        client.post("/v1/policies/dry-run", json=policy_body(**groups)).raise_for_status().json()["data"]
    )
    return found


def totals(people: int, registrations: int, before: int, after: int) -> Body:
    units = {"before": before, "after": after, "difference": after - before}
    return {"people": people, "registrations": registrations, "units": units}


def added(client: httpx.Client, **groups: Any) -> Body:
    made: Body = (
        client.post("/v1/policies", json=policy_body(**groups), headers=idempotency_headers()).raise_for_status().json()
    )
    return made


async def _counted(url: str) -> list[dict[str, Any]]:
    """The rows of every table that a decision writes."""
    database = open_database(url, pool_size=1)
    tables = ("registration", "decision", "outbox", "delivery", "policy", "idempotency", "carry_over", "adviser")
    found = [
        dict(row)
        for table in tables
        for row in await database.many(f"SELECT '{table}' AS kept, t::text AS line FROM {table} t ORDER BY 2")  # noqa: S608  # the names above
    ]
    await database.close()
    return found


def everything(served: LiveServer) -> list[dict[str, Any]]:
    return asyncio.run(_counted(served.database_url))


def test_a_version_is_tried_then_added_then_applied(january_service: LiveServer, own_admin: httpx.Client) -> None:
    first, second = entered(own_admin, "2024-09-02", "2025-05-13", "2025-06-10")
    (alone,) = entered(own_admin, "2024-02-05", "2025-01-28")
    for day in (None, "2022-03-14", "2023-12-31", "2025-01-01"):
        entered(own_admin, day, "2025-05-13")
    entered(own_admin, "2024-02-05", "2026-05-12")  # the same civil year's right in both readings
    before = everything(january_service)

    found = tried(own_admin, effective_from="2025-01-01", **AFTER_2024)

    assert everything(january_service) == before
    moved = {row["registration_id"]: (row["from"]["entitlement"], row["to"]["entitlement"]) for row in found}
    assert moved == {
        first["id"]: ("first_year", "civil_year:2025"),
        second["id"]: ("first_year", None),
        alone["id"]: ("first_year", "civil_year:2024"),  # its grace
    }
    assert [row["registration_id"] for row in tried(own_admin, effective_from="2025-06-01", **AFTER_2024)] == [
        second["id"]
    ]
    lost = next(row for row in found if row["registration_id"] == second["id"])
    assert lost["to"] | {"label": lost["reasons"][0]["label"]} == {
        "status": "awaiting_choice",
        "funding": None,
        "entitlement": None,
        "reasons": ["module_quota_exceeded"],
        "label": "Quota de modules thématiques financés dépassé.",
    }

    body = policy_body(effective_from="2025-01-01", **AFTER_2024)
    assert own_admin.post("/v1/policies/dry-run", json=body).json()["totals"] == {
        **totals(2, 3, before=3, after=2),
        "by_department": [{"department": "35", **totals(2, 3, before=3, after=2)}],
        "by_training_organisation": [{"training_organisation_id": str(LA_MEDNUM), **totals(2, 3, before=3, after=2)}],
    }

    added(own_admin, effective_from="2025-01-01", **AFTER_2024)

    kept = [own_admin.get(f"/v1/registrations/{each['id']}").json() for each in (first, second, alone)]
    assert kept == [first, second, alone]
    other, over = entered(own_admin, "2024-09-02", "2025-05-13", "2025-06-10")
    assert (other["entitlement"], other["decision"]["policy_version"]) == ("civil_year:2025", "2025-01-01")
    assert (over["status"], over["decision"]["policy_version"]) == ("awaiting_choice", "2025-01-01")


def test_adding_a_version_changes_nothing_that_is_decided(january_service: LiveServer, own_admin: httpx.Client) -> None:
    entered(own_admin, "2024-09-02", "2025-05-13", "2025-06-10", "2025-07-08")
    entered(own_admin, None, "2025-05-13")
    before = everything(january_service)

    added(own_admin, effective_from="2025-01-01", **AFTER_2024)

    new = [line for line in everything(january_service) if line not in before]
    assert [line["kept"] for line in new] == ["policy", "idempotency"]
    assert [line for line in before if line not in everything(january_service)] == []


def test_a_decision_taken_again_reads_the_version_added_since(own_admin: httpx.Client) -> None:
    (registration,) = entered(own_admin, "2024-09-02", "2025-05-13")
    added(own_admin, effective_from="2025-01-01", **AFTER_2024)

    a_contract(own_admin, registration["adviser_id"], starts_on="2025-01-02")
    kept = own_admin.get(f"/v1/registrations/{registration['id']}").json()
    moved = reschedule(own_admin, registration, starts_on="2025-05-14", ends_on="2025-05-14").json()

    assert kept == registration  # a push that alters no right deals nothing anew, whatever the policy has become
    assert (moved["entitlement"], moved["decision"]["policy_version"]) == ("civil_year:2025", "2025-01-01")
    history = own_admin.get(f"/v1/registrations/{registration['id']}/decisions").json()["data"]
    assert [decision["policy_version"] for decision in history] == ["2025-01-01", "2021-01-01"]


def test_a_refused_registration_is_tried_as_its_re_examination(own_admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(own_admin, initial_training={"entered_on": "2022-03-14", "ended_on": None})
    asked = {"module_code": "formation-initiale", "training_organisation_id": str(LA_FABRIK)}
    registration = register(own_admin, adviser_id, requested_on="2025-01-15", **asked).raise_for_status().json()
    paths = policy_body()["initial_training"] | {"max_funded": 2}

    (found,) = tried(own_admin, effective_from="2025-01-01", initial_training=paths)

    assert found == {
        "registration_id": registration["id"],
        "adviser_id": adviser_id,
        "status": "refused",
        "from": {
            "status": "refused",
            "funding": None,
            "entitlement": None,
            "reasons": ["initial_training_already_funded"],
        },
        "to": {"status": "accepted", "funding": "state", "entitlement": None, "reasons": []},
        "reasons": [],
    }


# In the service that tests share, versions are of days when nothing is decided.


def test_a_version_tried_again_once_added_is_said_to_exist(admin: httpx.Client) -> None:
    added(admin, effective_from="2097-01-01")

    for path in ("/v1/policies", "/v1/policies/dry-run"):
        answer = admin.post(path, json=policy_body(effective_from="2097-01-01"))
        assert "2097-01-01" in expect_problem(answer, 409, "policy-exists")["detail"]


def test_what_is_read_can_be_sent_back(admin: httpx.Client) -> None:
    published = admin.get("/v1/policies/2021-01-01").json()
    body = {name: value for name, value in published.items() if name not in {"version", "created_at"}}

    made = admin.post("/v1/policies", json=body | {"effective_from": "2097-02-01"})

    assert made.status_code == 201
    assert made.json() == published | {
        "version": "2097-02-01",
        "effective_from": "2097-02-01",
        "created_at": "2026-06-15T08:30:00Z",
    }
    assert made.headers["Location"].endswith("/v1/policies/2097-02-01")
    read = admin.get(made.headers["Location"])
    assert (read.json(), read.headers["ETag"]) == (made.json(), made.headers["ETag"])
    assert admin.get(made.headers["Location"], headers={"If-None-Match": read.headers["ETag"]}).status_code == 304


def test_versions_are_listed_by_the_day_they_take_effect(admin: httpx.Client) -> None:
    for day in ("2097-04-01", "2097-03-01"):
        added(admin, effective_from=day)

    first = admin.get("/v1/policies", params={"limit": 2}).json()
    rest = admin.get("/v1/policies", params={"limit": 2, "cursor": first["pagination"]["next"]}).json()
    whole = [row["version"] for row in admin.get("/v1/policies").json()["data"]]

    assert [row["version"] for row in (*first["data"], *rest["data"])] == whole[:4]
    assert whole == sorted(whole)
    assert {"2021-01-01", "2097-03-01", "2097-04-01"} <= {*whole}


def test_a_version_added_again_with_the_same_key_is_added_once(admin: httpx.Client) -> None:
    used, body = idempotency_headers(), policy_body(effective_from="2097-05-01")
    first = admin.post("/v1/policies", json=body, headers=used)

    again = admin.post("/v1/policies", json=body, headers=used)

    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (201, first.content, "true")


@pytest.mark.parametrize("version", ["2021-01-02", "9999-99-99", "latest"])
def test_an_unknown_version_is_not_found(admin: httpx.Client, version: str) -> None:
    expect_problem(admin.get(f"/v1/policies/{version}"), 404, "not-found")


def changed(pointer: str, value: Any) -> Body:
    """The published body with another value at the pointer; with the value left out when it is `...`."""
    body = policy_body()
    *path, last = pointer.removeprefix("/").split("/")
    place: Any = body
    for name in path:
        place = place[int(name) if isinstance(place, list) else name]
    if value is ...:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return body


HOURS = "/initial_training/path_hours"
MONTHS = "/certification/presentation_months"
MOTIVES = "/certification/valid_absence_motives"
ABSENCE_COUNTS = "/initial_training/unjustified_absence_counts"
VALID_MOTIVES = "/attendance/valid_absence_motives"
DATES = (
    "/effective_from", "/two_modules/entered_on_or_after", "/civil_year/grace/2024", "/supplementary/from",
    f"{HOURS}/0/from", f"{MONTHS}/1/from", f"{MOTIVES}/0/from",
)  # fmt: skip
NUMBERS = (
    "/two_modules/count", "/two_modules/window_months", "/civil_year/count", "/civil_year/first_year",
    "/supplementary/count", "/over_quota/reply_days", "/initial_training/max_funded", f"{HOURS}/2/value/0",
    f"{MONTHS}/0/value", "/over_quota/remind_days", "/requests/months_ahead", "/attendance/correction_days",
    "/support/answer_days", "/initial_training/enter_within_months",
)  # fmt: skip
GROUPS = (
    "/effective_from", "/two_modules", "/two_modules/count", "/civil_year", "/civil_year/grace", "/supplementary/from",
    "/over_quota", "/over_quota/reply_days", "/initial_training/max_funded", HOURS, f"{HOURS}/0/value", MONTHS, MOTIVES,
    f"{MOTIVES}/1/from", "/unjustified_absence_consumes", "/support_email",
)  # fmt: skip


@pytest.mark.parametrize("pointer", DATES)
@pytest.mark.parametrize(
    ("value", "code"), [("2025-02-30", "invalid-date"), (1, "invalid-date"), ("2100-01-01", "date-range")]
)
def test_a_date_of_a_policy_is_within_bounds(admin: httpx.Client, pointer: str, value: Any, code: str) -> None:
    answer = admin.post("/v1/policies", json=changed(pointer, value))

    assert expect_wrong_fields(answer) == {pointer: code}


@pytest.mark.parametrize("pointer", NUMBERS)
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "out-of-range"),
        (-1, "out-of-range"),
        (10**6, "out-of-range"),
        (1.5, "invalid-type"),
        ("2", "invalid-type"),
        (True, "invalid-type"),
    ],
)
def test_a_number_of_a_policy_is_within_bounds(admin: httpx.Client, pointer: str, value: Any, code: str) -> None:
    answer = admin.post("/v1/policies", json=changed(pointer, value))

    assert expect_wrong_fields(answer) == {pointer: code}


@pytest.mark.parametrize("pointer", GROUPS)
def test_every_field_of_a_policy_is_required(admin: httpx.Client, pointer: str) -> None:
    answer = admin.post("/v1/policies", json=changed(pointer, ...))

    assert expect_wrong_fields(answer) == {pointer: "missing"}


ADDED_SINCE = (
    "/over_quota/remind_days", "/requests", "/requests/months_ahead", "/attendance", "/attendance/correction_days",
    VALID_MOTIVES, "/support", "/support/answer_days", "/initial_training/enter_within_months",
    ABSENCE_COUNTS,
)  # fmt: skip
WITHOUT_ANY = policy_body(
    over_quota={"reply_days": None},
    initial_training={name: policy_body()["initial_training"][name] for name in ("max_funded", "path_hours")},
)
for group in ("requests", "attendance", "support"):
    del WITHOUT_ANY[group]


@pytest.mark.parametrize("body", [*(changed(pointer, ...) for pointer in ADDED_SINCE), WITHOUT_ANY])
def test_what_a_policy_gained_since_has_the_published_value_when_it_is_left_out(body: Body) -> None:
    expected = published_policy("support@example.org")

    actual = PolicyRequest.model_validate(body).to_policy()

    assert replace(actual, effective_from=expected.effective_from) == expected


def test_what_a_policy_gained_since_is_shown_whether_given_or_not(admin: httpx.Client) -> None:
    given = {
        "over_quota": {"reply_days": 10, "remind_days": 3},
        "requests": {"months_ahead": 18},
        "attendance": {"correction_days": 15, "valid_absence_motives": ["employer_need"]},
        "support": {"answer_days": 30},
        "initial_training": policy_body()["initial_training"]
        | {"enter_within_months": 4, "unjustified_absence_counts": True},
    }
    without = admin.post("/v1/policies", json=WITHOUT_ANY | {"effective_from": "2097-06-01"}).json()

    shown = added(admin, effective_from="2097-06-02", **given)

    assert {name: shown[name] for name in given} == given
    assert {name: without[name] for name in given} == {name: policy_body()[name] for name in given}


MISTAKES: list[tuple[str, Any, dict[str, str]]] = [
    (HOURS, [], {HOURS: "too-short"}),
    (HOURS, [{"from": "2024-03-01", "value": [70]}, {"from": "2021-01-01", "value": [105]}], {HOURS: "order"}),
    (MONTHS, [{"from": "2024-01-01", "value": 2}, {"from": "2024-01-01", "value": 6}], {MONTHS: "order"}),
    (MOTIVES, [{"from": "2024-01-01", "value": []}], {f"{MOTIVES}/0/value": "too-short"}),
    (f"{HOURS}/0/value", [105, 105], {f"{HOURS}/0/value": "duplicate"}),
    (f"{MOTIVES}/0/value", ["force_majeure"] * 2, {f"{MOTIVES}/0/value": "duplicate"}),
    (f"{MOTIVES}/0/value", ["grippe"], {f"{MOTIVES}/0/value/0": "not-one-of"}),
    (
        f"{MONTHS}/0",
        {"since": "2021-01-01", "value": 6},
        {f"{MONTHS}/0/from": "missing", f"{MONTHS}/0/since": "unknown-field"},
    ),
    ("/civil_year/grace", {"24": "2025-03-31"}, {"/civil_year/grace/24": "invalid-format"}),
    ("/civil_year/grace", {"2024": "2024-12-31"}, {"/civil_year/grace": "order"}),
    ("/civil_year/grace", [], {"/civil_year/grace": "invalid-type"}),
    ("/support_email", "support", {"/support_email": "invalid-format"}),
    ("/unjustified_absence_consumes", 1, {"/unjustified_absence_consumes": "invalid-type"}),
    ("/over_quota/answers", ["keep"], {"/over_quota/answers": "unknown-field"}),
    (VALID_MOTIVES, [], {VALID_MOTIVES: "too-short"}),
    (VALID_MOTIVES, ["force_majeure"] * 2, {VALID_MOTIVES: "duplicate"}),
    (VALID_MOTIVES, ["covid_positive_test"], {f"{VALID_MOTIVES}/0": "not-one-of"}),
    (VALID_MOTIVES, None, {VALID_MOTIVES: "invalid-type"}),
    ("/requests", None, {"/requests": "invalid-type"}),
    ("/requests/months", 36, {"/requests/months": "unknown-field"}),
    (
        "/initial_training/unjustified_absence_counts",
        1,
        {"/initial_training/unjustified_absence_counts": "invalid-type"},
    ),
    ("/version", "2098-01-01", {"/version": "unknown-field"}),
]


@pytest.mark.parametrize(("pointer", "value", "expected"), MISTAKES)
def test_an_invalid_field_of_a_policy_is_named(
    admin: httpx.Client, pointer: str, value: Any, expected: dict[str, str]
) -> None:
    answer = admin.post("/v1/policies/dry-run", json=changed(pointer, value))

    assert expect_wrong_fields(answer) == expected


def test_a_platform_may_read_the_policy_and_not_change_it(platform: httpx.Client, organisation: httpx.Client) -> None:
    assert platform.get("/v1/policies/2021-01-01").json()["two_modules"]["count"] == 2
    expect_problem(platform.post("/v1/policies", json=policy_body()), 403, "forbidden")
    expect_problem(platform.post("/v1/policies/dry-run", json=policy_body()), 403, "forbidden")
    expect_problem(organisation.get("/v1/policies"), 403, "forbidden")
