"""The training record: exams and who pays them, absences and what they cost, rights carried over."""

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.domain.record.missed_sessions import Consequence
from app.seed.published_catalogue import FRANCILIN, HISTYA, LA_FABRIK, LA_MEDNUM
from app.wording.languages import Language
from app.wording.training_records import DUPLICATE_REQUEST, consequence_sentence
from tests.api.registration_states import (
    attended_registration,
    initial_training_registration,
    post_action,
    read_registration,
    upcoming_registration,
)
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.embedded.process_probes import run_sql
from tests.fake_clock import FakeClock
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer

Body = dict[str, Any]
IN_2025 = datetime(2025, 7, 1, 8, 30, tzinfo=UTC)


def record(client: httpx.Client, adviser_id: str, **asked: str) -> Body:
    answer = client.get(f"/v1/advisers/{adviser_id}/training-record", params=asked)
    found: Body = documented_body(answer, "getTrainingRecord")
    return found


def sit(client: httpx.Client, adviser_id: str, **fields: Any) -> Body:
    result = {"adviser_id": adviser_id, "qualification": "remn-ccp1", "outcome": "obtained", "on": "2025-06-10"}
    recorded: Body = documented_body(client.post("/v1/certifications", json=result | fields), "recordCertification")
    return recorded


def head(client: httpx.Client) -> str:
    return str(client.get("/v1/events", params={"after": "now"}).raise_for_status().json()["next"])


def events_of_adviser(client: httpx.Client, after: str, adviser_id: str) -> list[Body]:
    page = client.get("/v1/events", params={"after": after, "limit": 500}).raise_for_status().json()
    return [event for event in page["data"] if event["adviser_id"] == adviser_id]


def full_title(client: httpx.Client, adviser_id: str) -> Body:
    fields = {"module_code": "ccp2-ccp3", "training_organisation_id": str(HISTYA), "employer_agreement": True}
    asked = register(client, adviser_id, starts_on="2025-09-15", requested_on="2025-06-20", **fields)
    registration: Body = asked.raise_for_status().json()
    assert [reason["code"] for reason in registration["decision"]["reasons"]] == ["ccp1_not_obtained"]
    return registration


def test_a_ccp1_makes_a_refused_full_title_re_examinable_and_says_so(platform: httpx.Client, clock: FakeClock) -> None:
    clock.now = IN_2025
    adviser_id = an_adviser_in_post(platform)
    registration = full_title(platform, adviser_id)
    after = head(platform)

    sit(platform, adviser_id, on="2025-06-20")

    (recorded, regularisable) = events_of_adviser(platform, after, adviser_id)
    assert (recorded["type"], regularisable["type"]) == ("certification.recorded", "registration.regularisable")
    assert regularisable["subject"]["id"] == registration["id"]
    assert read_registration(platform, registration)["status"] == "refused"
    examined = post_action(platform, registration, "re-examination").json()
    assert (examined["status"], examined["funding"]) == ("accepted", "state")


def test_a_ccp1_obtained_since_the_request_lifts_the_reason(platform: httpx.Client, clock: FakeClock) -> None:
    """R32: re-examined, the registration is decided by the day of the notice."""
    clock.now = IN_2025
    adviser_id = an_adviser_in_post(platform)
    registration = full_title(platform, adviser_id)
    after = head(platform)

    sit(platform, adviser_id, on="2025-06-21")

    assert [event["type"] for event in events_of_adviser(platform, after, adviser_id)] == [
        "certification.recorded",
        "registration.regularisable",
    ]
    examined = [
        post_action(platform, registration, "re-examination", notified_on=day).json()["status"]
        for day in ("2025-06-20", "2025-06-21")
    ]
    assert examined == ["refused", "accepted"]


@pytest.mark.parametrize(
    ("on", "motive", "valid"),
    [
        ("2023-11-28", "covid_positive_test", True),
        ("2023-11-29", "covid_positive_test", False),
        ("2023-11-28", "medical_certificate", True),
        ("2026-06-01", "medical_certificate", True),
        ("2026-06-01", "force_majeure", True),
    ],
)
def test_an_absence_is_justified_by_a_motive_that_is_valid_on_its_day(
    platform: httpx.Client, on: str, motive: str, *, valid: bool
) -> None:
    absence = {"adviser_id": an_adviser(platform), "qualification": "pix", "outcome": "absent_justified", "on": on}

    answer = platform.post("/v1/certifications", json=absence | {"motive": motive})

    if valid:
        assert (answer.json()["motive"], answer.json()["next_attempt_payer"]) == (motive, "state")
    else:
        assert expect_wrong_fields(answer) == {"/motive": "motive-not-valid"}


def test_an_exam_is_presented_again_until_it_is_obtained(platform: httpx.Client) -> None:
    """A justified absence uses no attempt; the State pays until an attempt is used otherwise."""
    adviser_id = an_adviser(platform, initial_training={"entered_on": "2025-01-06", "ended_on": "2025-05-20"})
    steps = ("absent_justified", "absent_unjustified", "failed", "obtained")

    seen = [
        sit(platform, adviser_id, outcome=outcome, on=f"2025-06-{10 + day}", motive=None if day else "force_majeure")
        for day, outcome in enumerate(steps)
    ]
    exams = record(platform, adviser_id)["certifications"]

    assert [(result["attempt"], result["next_attempt_payer"]) for result in seen] == [
        (1, "state"),
        (1, "employer"),
        (2, "employer"),
        (3, None),
    ]
    assert [(exam["qualification"], exam["status"], exam["next_attempt_payer"]) for exam in exams] == [
        ("pix", "overdue", "state"),
        ("remn-ccp1", "met", None),
    ]


@pytest.mark.parametrize("language", Language)
def test_a_certificate_that_was_obtained_says_where_it_is_replaced(platform: httpx.Client, language: Language) -> None:
    adviser_id = an_adviser(platform, initial_training={"entered_on": "2025-01-06", "ended_on": "2025-05-20"})
    results = [sit(platform, adviser_id, qualification=code) for code in ("remn-ccp1", "pix")]
    results.append(sit(platform, adviser_id, qualification="remn", outcome="failed"))

    asked = {"Accept-Language": language.value}
    read_again = [platform.get(f"/v1/certifications/{item['id']}", headers=asked).json() for item in results]
    exams = platform.get(f"/v1/advisers/{adviser_id}/training-record", headers=asked).json()["certifications"]

    duplicate = DUPLICATE_REQUEST.in_language(language)
    assert "DREETS" in duplicate
    assert [item["replacement"] for item in read_again] == [duplicate, None, None]
    assert {exam["qualification"]: exam["replacement"] for exam in exams} == {"remn-ccp1": duplicate, "pix": None}


def test_entry_and_exit_are_shown(admin: httpx.Client) -> None:
    entry = initial_training_registration(
        admin, session={"starts_on": "2025-03-03", "ends_on": "2025-04-16", "format": "on_site"}
    )
    before = record(admin, entry["adviser_id"])["initial_training"]

    post_action(admin, entry, "attendance", outcome="completed").raise_for_status()

    after = record(admin, entry["adviser_id"])
    assert (before["entered_on"], before["ended_on"]) == ("2025-03-03", None)
    assert (after["initial_training"]["entered_on"], after["initial_training"]["ended_on"]) == (
        "2025-03-03",
        "2025-04-16",
    )
    assert {exam["due_on"] for exam in after["certifications"]} == {"2025-06-16"}


def test_an_exempt_adviser_owes_no_exam_and_one_module_a_year(platform: httpx.Client) -> None:
    adviser_id = an_adviser(platform, initial_training=None)
    a_contract(platform, adviser_id, starts_on="2026-01-05")
    sit(platform, adviser_id, qualification="catic", on="2018-06-22")

    found = record(platform, adviser_id)

    assert found["initial_training"] == {"entered_on": None, "ended_on": None, "exempt": True, "exempted_by": "catic"}
    assert found["certifications"] == []
    assert [(item["period"], item["required"]) for item in found["obligations"]] == [("civil_year:2026", 1)]


@pytest.mark.parametrize(
    ("taken_on", "hours"),
    [
        ("2024-02-29", (105, 280, 350, 420)),
        ("2024-03-01", (70, 175, 315)),
        ("2025-10-20", (70, 175, 315)),
        ("2025-10-21", (175,)),
    ],
)
def test_the_hours_of_a_path_are_among_those_valid_on_its_day(
    admin: httpx.Client, taken_on: str, hours: tuple[int, ...]
) -> None:
    registration = initial_training_registration(admin)
    offered = {70, 105, 175, 280, 315, 350, 420}

    taken = {
        each for each in offered
        if post_action(admin, registration, "positioning-test", taken_on=taken_on, hours=each).is_success
    }  # fmt: skip

    assert taken == {*hours}


def test_a_path_is_told_to_the_adviser_and_the_employer(admin: httpx.Client) -> None:
    registration = initial_training_registration(admin)
    after = head(admin)

    post_action(admin, registration, "positioning-test", taken_on="2026-06-01", hours=175).raise_for_status()

    (event,) = events_of_adviser(admin, after, registration["adviser_id"])
    written = admin.get("/v1/messages", params={"adviser_id": registration["adviser_id"]}).json()["data"]
    assert event["type"] == "registration.path_determined"
    assert {item["recipient_kind"] for item in written if item["template"] == event["type"]} == {
        "adviser",
        "employer",
        "training_organisation",
    }


@pytest.mark.parametrize(
    ("department", "organisation", "reasons"),
    [
        ("35", LA_FABRIK, []),
        ("35", FRANCILIN, ["territory_not_covered"]),
        ("974", FRANCILIN, []),
        ("974", LA_FABRIK, ["territory_not_covered"]),
        ("988", LA_FABRIK, ["territory_not_covered"]),
        (None, LA_FABRIK, []),
    ],
)
def test_initial_training_is_given_by_the_organisation_of_the_territory(
    platform: httpx.Client, department: str | None, organisation: object, reasons: list[str]
) -> None:
    adviser_id = an_adviser_in_post(platform, initial_training=None, department=department)

    answer = register(
        platform, adviser_id, module_code="formation-initiale", training_organisation_id=str(organisation)
    )

    decision = answer.json()["decision"]
    assert [reason["code"] for reason in decision["reasons"]] == reasons
    assert all("Francil’In" in reason["how_to_fix"] for reason in decision["reasons"])


def test_an_unjustified_absence_is_shown_with_what_it_costs(admin: httpx.Client) -> None:
    missed = attended_registration(admin, "absent_unjustified")

    found = record(admin, missed["adviser_id"])

    assert found["unjustified_absences"] == [
        {
            "registration_id": missed["id"],
            "module_code": missed["module_code"],
            "session_starts_on": "2025-05-13",
            "entitlement": "civil_year:2025",
            "consequence": "right_consumed",
            "label": consequence_sentence(Consequence.RIGHT_CONSUMED).fr,
            "rule": "R17",
        }
    ]
    years = {item["period"]: (item["followed"], item["status"]) for item in found["obligations"]}
    assert years["civil_year:2025"] == (0, "late")


def test_an_adviser_who_misses_initial_training_has_not_entered_it(admin: httpx.Client) -> None:
    entry = initial_training_registration(admin)
    post_action(admin, entry, "attendance", outcome="absent_unjustified").raise_for_status()

    found = record(admin, entry["adviser_id"])

    assert [item["consequence"] for item in found["unjustified_absences"]] == ["initial_training_not_entered"]
    assert (found["category"], found["initial_training"]["entered_on"]) == ("none", None)


def test_other_absences_are_not_shown(admin: httpx.Client) -> None:
    assert record(admin, attended_registration(admin, "absent_justified")["adviser_id"])["unjustified_absences"] == []
    assert record(admin, attended_registration(admin, "completed")["adviser_id"])["unjustified_absences"] == []


def test_an_organisation_is_not_shown_what_was_missed_elsewhere(
    admin: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> None:
    missed = attended_registration(admin, "absent_unjustified")
    register(admin, missed["adviser_id"], starts_on="2026-09-08", training_organisation_id=str(HISTYA))

    seen, unseen = (record(client, missed["adviser_id"]) for client in (organisation, histya))

    assert missed["training_organisation_id"] == str(LA_MEDNUM)
    assert [item["registration_id"] for item in seen["unjustified_absences"]] == [missed["id"]]
    assert unseen["unjustified_absences"] == []


def test_every_consequence_is_said_in_words_of_its_own() -> None:
    said = [consequence_sentence(item) for item in Consequence]

    assert len({sentence.fr for sentence in said} | {sentence.en for sentence in said}) == 2 * len(Consequence)


def carried_over(admin: httpx.Client, **fields: Any) -> Body:
    adviser_id = an_adviser_in_post(admin)
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Longue maladie", "decided_on": "2025-12-18", **fields}
    carried: Body = admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json=report).raise_for_status().json()
    return carried


@pytest.mark.parametrize("on", ["2025-06-01", "2026-06-15", "2031-01-01"])
def test_a_carry_over_is_shown_with_why_who_when_and_its_limits(admin: httpx.Client, on: str) -> None:
    carried = carried_over(admin)

    found = record(admin, carried["adviser_id"], on=on)

    assert found["carry_overs"] == [
        {
            "id": carried["id"],
            "bucket": "civil_year:2025",
            "units": 1,
            "motive": "Longue maladie",
            "decided_on": "2025-12-18",
            "decided_by": carried["decided_by"],
            "valid_from": "2026-01-01",
            "valid_until": "2026-12-31",
        }
    ]
    clients = admin.get("/v1/clients", params={"limit": 500}).json()["data"]
    assert carried["decided_by"] in {client["id"] for client in clients if client["role"] == "admin"}


def test_an_organisation_does_not_see_why_a_right_was_carried_over(
    admin: httpx.Client, organisation: httpx.Client
) -> None:
    carried = carried_over(admin)
    register(admin, carried["adviser_id"], starts_on="2026-09-15")

    (found,) = record(organisation, carried["adviser_id"])["carry_overs"]

    assert (found["motive"], found["decided_by"]) == (None, None)
    assert (found["bucket"], found["valid_until"]) == ("civil_year:2025", "2026-12-31")


def test_a_carry_over_promotes_whoever_waits_for_it(admin: httpx.Client) -> None:
    first = upcoming_registration(admin)
    waiting = register(admin, first["adviser_id"], starts_on="2026-09-22").json()
    after = head(admin)

    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité"}
    admin.post(f"/v1/advisers/{first['adviser_id']}/carry-overs", json=report).raise_for_status()

    promoted = read_registration(admin, waiting)
    assert (waiting["status"], promoted["status"]) == ("awaiting_choice", "accepted")
    assert promoted["entitlement"] == "carry_over:civil_year:2025"
    types = [event["type"] for event in events_of_adviser(admin, after, first["adviser_id"])]
    assert types == ["entitlement.carried_over", "registration.funded"]


def test_a_carry_over_whose_right_is_gone_keeps_its_window(admin: httpx.Client) -> None:
    carried = carried_over(admin)
    address = f"/v1/advisers/{carried['adviser_id']}"
    moved = {"initial_training": {"entered_on": "2025-05-12"}}
    admin.patch(address, json=moved, headers={"If-Match": "*"}).raise_for_status()

    found = record(admin, carried["adviser_id"])

    window = ("2026-01-01", "2026-12-31")
    assert (carried["valid_from"], carried["valid_until"]) == window
    assert [(item["valid_from"], item["valid_until"]) for item in found["carry_overs"]] == [window]
    rights = {
        item["bucket"]: (item["units"], item["valid_from"], item["valid_until"]) for item in found["entitlements"]
    }
    assert rights["carry_over:civil_year:2025"] == (1, *window)
    assert "civil_year:2025" not in rights


@pytest.mark.parametrize(
    ("adviser", "report", "code"),
    [
        ({}, {"bucket": "civil_year:2024", "decided_on": "2026-01-01"}, "too-late-to-carry-over"),
        ({}, {"bucket": "civil_year:2025", "units": 2}, "nothing-to-carry-over"),
        ({"in_scheme": False}, {"bucket": "civil_year:2025"}, "outside-scheme"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_carried_over_is_refused(admin: httpx.Client, adviser: Body, report: Body, code: str) -> None:
    adviser_id = an_adviser_in_post(admin, **adviser)

    answer = admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json={"motive": "Longue maladie", **report})

    expect_problem(answer, 409, code)
    assert record(admin, adviser_id)["carry_overs"] == []


@pytest.mark.parametrize(("decided_on", "status"), [("2026-06-15", 201), ("2026-06-16", 422)])
def test_a_carry_over_is_decided_today_at_the_latest(admin: httpx.Client, decided_on: str, status: int) -> None:
    adviser_id = an_adviser_in_post(admin)
    report = {"bucket": "civil_year:2025", "motive": "Longue maladie", "decided_on": decided_on}

    answer = admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json=report)

    assert answer.status_code == status
    if status == 422:
        assert [*expect_wrong_fields(answer)] == ["/decided_on"]


def test_a_carried_right_stays_used_when_its_year_is_corrected_away(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin)
    contract = a_contract(admin, adviser_id, starts_on="2022-01-10")
    report = {"bucket": "civil_year:2026", "motive": "Longue maladie"}
    admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json=report).raise_for_status()
    held = [register(admin, adviser_id, starts_on=on).json() for on in ("2027-03-04", "2027-05-12")]

    corrected = {"starts_on": "2027-01-04"}
    admin.patch(f"/v1/contracts/{contract}", json=corrected, headers={"If-Match": "*"}).raise_for_status()

    after = [read_registration(admin, registration) for registration in held]
    kept = [("accepted", "carry_over:civil_year:2026"), ("accepted", "civil_year:2027")]
    assert [(item["status"], item["entitlement"]) for item in after] == kept
    assert register(admin, adviser_id, starts_on="2027-06-10").json()["status"] == "awaiting_choice"


def test_a_module_followed_on_a_carried_right_meets_the_year_that_it_came_from(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    report = {"bucket": "civil_year:2024", "motive": "Longue maladie", "decided_on": "2025-01-13"}
    admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json=report).raise_for_status()
    followed = register(admin, adviser_id, starts_on="2025-02-11", requested_on="2025-01-14").json()
    before = record(admin, adviser_id, on="2025-06-02")["obligations"]

    post_action(admin, followed, "attendance", outcome="completed").raise_for_status()

    after = record(admin, adviser_id, on="2025-06-02")["obligations"]
    assert [(item["followed"], item["status"], item["excused_by"]) for item in before] == [
        (0, "excused", "carry_over"),
        (0, "due", None),
    ]
    assert [(item["followed"], item["status"], item["excused_by"]) for item in after] == [
        (1, "met", None),
        (0, "due", None),
    ]


def test_initial_training_is_owed_until_one_is_exempt(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin, initial_training=None)
    a_contract(admin, adviser_id, starts_on="2025-02-03")

    owed = {on: record(admin, adviser_id, on=on)["obligations"] for on in ("2025-02-02", "2025-02-03", "2025-12-31")}
    sit(admin, adviser_id, qualification="catic", on="2025-04-01")
    exempt = record(admin, adviser_id, on="2025-04-01")

    duty = {
        "period": "initial_training",
        "required": 1,
        "followed": 0,
        "due_on": None,
        "status": "due",
        "excused_by": None,
    }
    assert owed == {"2025-02-02": [], "2025-02-03": [duty], "2025-12-31": [duty]}
    assert (exempt["category"], [item["period"] for item in exempt["obligations"]]) == ("annual", ["civil_year:2025"])


def test_what_derogations_hold_is_shown_as_a_right_without_limits(
    own_service: LiveServer,
) -> None:
    """An organisation is told how many, and which of them are its own."""
    with own_service.client("admin") as admin, own_service.client("training_organisation") as organisation:
        adviser_id = an_adviser_in_post(admin)
        held = register(admin, adviser_id, starts_on="2026-09-08", training_organisation_id=str(HISTYA)).json()
        register(admin, adviser_id, starts_on="2027-09-07").raise_for_status()
        derogated = f"UPDATE registration SET unit = 'derogation#1' WHERE id = '{held['id']}'"  # noqa: S608  # ours
        run_sql(own_service.database_url, derogated)

        whole, seen = (record(client, adviser_id)["entitlements"][-1] for client in (admin, organisation))
        drawn = admin.get(f"/v1/advisers/{adviser_id}/training-record.svg").raise_for_status().text

    right = {"bucket": "derogation", "units": None, "used": 1, "valid_from": None, "valid_until": None, "rule": None}
    assert whole == right | {"reserved_by": [held["id"]]}
    assert seen == right | {"reserved_by": []}
    assert re.search(r'<g data-name="derogation">.*?Dérogation.*?1 utilisé<', drawn, re.DOTALL)


def test_a_first_year_adviser_may_begin_with_the_next_year(admin: httpx.Client) -> None:
    """R21: one of the two was followed in the year of W."""
    periods = dict[str, list[str]]()
    for name, second in (("before", "2024-12-10"), ("within", "2025-02-11")):
        adviser_id = an_adviser_in_post(admin, initial_training={"entered_on": "2024-04-15", "ended_on": None})
        for module, day in (("cybersecurite", "2024-10-08"), ("handicap", second)):
            followed = register(admin, adviser_id, module_code=module, starts_on=day, requested_on="2024-09-02").json()
            post_action(admin, followed, "attendance", outcome="completed").raise_for_status()
        found = record(admin, adviser_id)["obligations"]
        periods[name] = [f"{item['period']} {item['status']}" for item in found]

    assert periods == {
        "before": ["first_year met", "civil_year:2025 late", "civil_year:2026 due"],
        "within": ["first_year met", "civil_year:2026 due"],
    }
