"""Attendance is put right: who, when and why stay; the right is given back or taken again (section 5)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.seed.published_catalogue import HISTYA
from tests.api.registration_states import (
    accepted_registration,
    initial_training_registration,
    post_action,
    read_registration,
)
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import MORNING, FakeClock
from tests.http_builders import register

Body = dict[str, Any]
ANOTHER_CLIENT = str(UUID(int=0))
FOUND = "Feuille d’émargement retrouvée"


def attend(client: httpx.Client, registration: Body, outcome: str, motive: str | None = None, **more: Any) -> Body:
    answer = post_action(client, registration, "attendance", outcome=outcome, motive=motive, **more)
    found: Body = documented_body(answer, "recordAttendance")
    return found


def history(client: httpx.Client, registration: Body) -> list[Body]:
    answer = client.get(f"/v1/registrations/{registration['id']}/attendance")
    reports: list[Body] = documented_body(answer, "listAttendanceReports")["data"]
    return reports


def of_the_past(client: httpx.Client, **fields: Any) -> Body:
    """Accepted, of this year, its session over."""
    return accepted_registration(client, starts_on="2026-05-12", **fields)


def test_nothing_is_told_of_an_attendance_not_recorded(organisation: httpx.Client, admin: httpx.Client) -> None:
    assert history(organisation, of_the_past(admin)) == []


def test_each_report_stays_latest_first_with_who_when_and_why(
    admin: httpx.Client, organisation: httpx.Client, clock: FakeClock
) -> None:
    registration = of_the_past(admin)
    attend(organisation, registration, "absent_unjustified", "Pas venu")
    clock.now = MORNING + timedelta(days=1)

    attend(admin, registration, "completed", FOUND, note="Vu avec le formateur")

    latest, first = history(admin, registration)
    assert (latest["outcome"], latest["motive"], latest["note"]) == ("completed", FOUND, "Vu avec le formateur")
    assert (latest["recorded_at"], first["recorded_at"]) == ("2026-06-16T08:30:00Z", "2026-06-15T08:30:00Z")
    assert (first["outcome"], first["motive"], first["note"], first["absences"]) == (
        "absent_unjustified",
        "Pas venu",
        None,
        [],
    )
    assert latest["recorded_by"] != first["recorded_by"]


def test_a_right_is_given_back_and_taken_again(admin: httpx.Client) -> None:
    registration = of_the_past(admin)
    attend(admin, registration, "completed")

    absent = attend(admin, registration, "absent_justified", "medical_certificate")
    present = attend(admin, registration, "completed", FOUND)

    assert (absent["status"], absent["funding"], absent["payer"], absent["entitlement"]) == (
        "absent_justified",
        None,
        None,
        None,
    )
    assert (present["status"], present["funding"], present["payer"], present["entitlement"], present["version"]) == (
        "completed",
        "state",
        "state",
        "civil_year:2026",
        4,
    )


def test_a_right_given_back_goes_to_whoever_waits_for_a_later_session(admin: httpx.Client) -> None:
    registration = of_the_past(admin)
    adviser_id = registration["adviser_id"]
    earlier, later, latest = (
        register(admin, adviser_id, starts_on=starts_on).json()
        for starts_on in ("2026-05-11", "2026-05-13", "2026-09-15")
    )
    attend(admin, registration, "completed")

    attend(admin, registration, "absent_justified", "force_majeure")

    assert [read_registration(admin, item)["status"] for item in (earlier, later, latest)] == [
        "awaiting_choice",
        "accepted",
        "awaiting_choice",
    ]


def test_a_right_that_somebody_has_is_not_taken_again(admin: httpx.Client) -> None:
    registration = of_the_past(admin)
    promoted = register(admin, registration["adviser_id"], starts_on="2026-09-15").json()
    attend(admin, registration, "absent_justified", "medical_certificate")

    answer = post_action(admin, registration, "attendance", outcome="completed", motive=FOUND)

    assert "12 mai 2026" in expect_problem(answer, 409, "no-right-left")["detail"]
    assert read_registration(admin, registration)["status"] == "absent_justified"
    assert read_registration(admin, promoted)["entitlement"] == "civil_year:2026"
    assert len(history(admin, registration)) == 1


def test_what_was_kept_at_somebody_s_expense_is_theirs_to_pay_again(admin: httpx.Client) -> None:
    adviser_id = of_the_past(admin)["adviser_id"]
    waiting = register(admin, adviser_id, starts_on="2026-05-19").json()
    post_action(admin, waiting, "choice", choice="keep", payer="self").raise_for_status()
    attend(admin, waiting, "absent_justified", "employer_need")

    present = attend(admin, waiting, "completed", FOUND)

    assert (present["funding"], present["payer"], present["entitlement"]) == ("none", "self", None)


@pytest.mark.parametrize("outcome", ["completed", "absent_unjustified", "absent_justified"])
def test_the_same_outcome_again_changes_nothing(admin: httpx.Client, outcome: str) -> None:
    registration, motive = of_the_past(admin), "force_majeure" if outcome == "absent_justified" else None
    once = attend(admin, registration, outcome, motive)
    events = admin.get("/v1/events", params={"after": "now"}).json()["next"]

    again = attend(admin, registration, outcome, motive)

    assert again == once == read_registration(admin, registration)
    assert len(history(admin, registration)) == 1
    told = admin.get("/v1/events", params={"after": events}).json()["data"]
    assert [event for event in told if event["subject"]["id"] == registration["id"]] == []


@pytest.mark.parametrize(
    ("first", "body", "wrong"),
    [
        (None, {"outcome": "absent_justified"}, "motive-not-valid"),
        (None, {"outcome": "absent_justified", "motive": "Arrêt de travail"}, "motive-not-valid"),
        ("completed", {"outcome": "absent_justified", "motive": FOUND}, "motive-not-valid"),
        ("completed", {"outcome": "absent_unjustified"}, "missing"),
        ("absent_unjustified", {"outcome": "completed", "note": FOUND}, "missing"),
    ],
)
def test_a_justified_absence_names_a_listed_motive_and_a_correction_gives_one(
    admin: httpx.Client, first: str | None, body: Body, wrong: str
) -> None:
    registration = of_the_past(admin)
    if first is not None:
        registration = attend(admin, registration, first)

    answer = post_action(admin, registration, "attendance", **body)

    assert expect_wrong_fields(answer) == {"/motive": wrong}
    assert read_registration(admin, registration) == registration


def test_an_organisation_corrects_within_thirty_days_of_its_latest_report_and_an_administrator_always(
    admin: httpx.Client, organisation: httpx.Client, clock: FakeClock
) -> None:
    registration = of_the_past(admin)
    attend(organisation, registration, "completed")
    clock.now = MORNING + timedelta(days=30)
    attend(organisation, registration, "absent_unjustified", "Erreur de saisie")
    clock.now = MORNING + timedelta(days=60)
    attend(organisation, registration, "completed", FOUND)
    clock.now = MORNING + timedelta(days=91)

    late = post_action(organisation, registration, "attendance", outcome="absent_unjustified", motive="Non")
    corrected = attend(admin, registration, "absent_unjustified", "Après recours")

    assert "13 septembre 2026" in expect_problem(late, 409, "too-late-to-correct")["detail"]
    assert corrected["status"] == "absent_unjustified"
    assert len(history(admin, registration)) == 4


MISSED = [{"on": "2026-05-13", "justified": True, "motive": "Rendez-vous médical"}]


def three_days(client: httpx.Client) -> Body:
    session = {"starts_on": "2026-05-12", "ends_on": "2026-05-14", "format": "remote"}
    return accepted_registration(client, session=session)


def test_days_missed_of_a_completed_session_are_listed(admin: httpx.Client) -> None:
    registration = three_days(admin)

    completed = attend(admin, registration, "completed", absences=MISSED)
    none_said = attend(admin, registration, "completed")
    corrected = attend(admin, registration, "completed", FOUND, absences=[])

    assert (completed["version"], none_said["version"], corrected["version"]) == (2, 2, 3)
    assert [report["absences"] for report in history(admin, registration)] == [[], MISSED]


@pytest.mark.parametrize(
    ("outcome", "days", "wrong"),
    [
        ("completed", ["2026-05-11"], "/absences/0/on"),
        ("completed", ["2026-05-12", "2026-05-15"], "/absences/1/on"),
        ("completed", ["2026-05-12", "2026-05-12"], "/absences/0/on"),
        ("absent_unjustified", ["2026-05-12"], "/absences/0/on"),
    ],
)
def test_a_day_missed_is_one_of_a_completed_session(
    admin: httpx.Client, outcome: str, days: list[str], wrong: str
) -> None:
    absences = [{"on": day, "justified": False} for day in days]

    answer = post_action(admin, three_days(admin), "attendance", outcome=outcome, absences=absences)

    assert expect_wrong_fields(answer) == {wrong: "not-in-session"}


def test_texts_are_read_by_whoever_wrote_them_and_by_administrators(
    admin: httpx.Client, organisation: httpx.Client, platform: httpx.Client, histya: httpx.Client
) -> None:
    registration = three_days(admin)
    attend(organisation, registration, "completed", "Malaise le deuxième jour", note="Pompiers", absences=MISSED)
    attend(admin, registration, "absent_justified", "medical_certificate", note="Hospitalisé")

    for client in (admin, organisation, platform):
        latest, first = history(client, registration)
        wrote_first, is_admin = client is organisation, client is admin
        assert (latest["motive"], latest["note"]) == ("medical_certificate", "Hospitalisé" if is_admin else None)
        assert first["motive"] == ("Malaise le deuxième jour" if wrote_first or is_admin else None)
        assert first["note"] == ("Pompiers" if wrote_first or is_admin else None)
        assert first["absences"][0]["motive"] == (MISSED[0]["motive"] if wrote_first or is_admin else None)
        assert (latest["recorded_by"] == ANOTHER_CLIENT) is wrote_first
        assert first["recorded_by"] != ANOTHER_CLIENT
    elsewhere = histya.get(f"/v1/registrations/{registration['id']}/attendance")
    expect_problem(elsewhere, 404, "not-found")


def test_an_organisation_does_not_correct_another_s(admin: httpx.Client, organisation: httpx.Client) -> None:
    registration = of_the_past(admin, training_organisation_id=str(HISTYA))
    attend(admin, registration, "completed")

    answer = post_action(organisation, registration, "attendance", outcome="absent_unjustified", motive="Non")

    expect_problem(answer, 404, "not-found")


def test_texts_are_exported_and_erased(admin: httpx.Client) -> None:
    registration = three_days(admin)
    attend(admin, registration, "completed", "Malaise le deuxième jour", note="Pompiers", absences=MISSED)
    path = f"/v1/advisers/{registration['adviser_id']}"

    exported = admin.get(f"{path}/export").text
    admin.delete(path, headers={"If-Match": "*"}).raise_for_status()

    (report,) = history(admin, registration)
    assert all(text in exported for text in ("Malaise le deuxième jour", "Pompiers", "Rendez-vous médical"))
    assert (report["outcome"], report["motive"], report["note"], report["absences"]) == ("completed", None, None, [])
    assert not any(text in admin.get(f"{path}/export").text for text in ("Malaise", "Pompiers", "Rendez-vous"))


def test_a_missed_initial_training_put_right_is_an_entry_again(admin: httpx.Client) -> None:
    initial = initial_training_registration(admin, starts_on="2026-05-12")
    attend(admin, initial, "absent_justified", "medical_certificate")
    refused = register(admin, initial["adviser_id"], starts_on="2026-09-15").json()
    attend(admin, initial, "completed", FOUND)

    accepted = post_action(admin, refused, "re-examination").json()

    assert [reason["code"] for reason in refused["decision"]["reasons"]] == ["initial_training_not_started"]
    assert (accepted["status"], accepted["entitlement"]) == ("accepted", "first_year")


def test_a_second_initial_training_is_not_funded_by_a_correction(admin: httpx.Client) -> None:
    first = initial_training_registration(admin, starts_on="2026-05-12")
    attend(admin, first, "absent_justified", "medical_certificate")
    asked = {name: first[name] for name in ("module_code", "training_organisation_id")}
    second = register(admin, first["adviser_id"], starts_on="2026-09-15", **asked).json()

    answer = post_action(admin, first, "attendance", outcome="completed", motive=FOUND)

    assert second["status"] == "accepted"
    expect_problem(answer, 409, "no-right-left")
