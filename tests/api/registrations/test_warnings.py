"""Two sessions of one adviser that share a day: warned of, everywhere, and forbidden by nothing (section 5ter)."""

from typing import Any

import httpx
import pytest

from app.seed.published_catalogue import HISTYA
from tests.api.registration_states import post_action, read_registration, reschedule
from tests.api.response_assertions import documented_body
from tests.http_builders import an_adviser_in_post, register, registration_body

Body = dict[str, Any]
LONG = {"starts_on": "2026-09-14", "ends_on": "2026-09-16", "format": "remote"}
ITS_LAST_DAY = {"starts_on": "2026-09-16", "ends_on": "2026-09-18", "format": "remote"}
THE_DAY_AFTER = {"starts_on": "2026-09-17", "ends_on": "2026-09-17", "format": "remote"}


def warned_of(*others: Body) -> list[Body]:
    return [{"code": "overlaps", "registration_id": other["id"]} for other in others]


def a_pair(client: httpx.Client, **of_the_second: Any) -> tuple[Body, Body]:
    """Two registrations of one adviser that share a day, as they were answered."""
    adviser_id = an_adviser_in_post(client)
    first = register(client, adviser_id, session=LONG)
    second = register(client, adviser_id, session=ITS_LAST_DAY, **{"module_code": "cybersecurite", **of_the_second})
    return documented_body(first, "registerAdviser"), documented_body(second, "registerAdviser")


def test_both_are_warned_of_the_other(platform: httpx.Client) -> None:
    first, second = a_pair(platform)

    answer = platform.get(f"/v1/registrations/{first['id']}", headers={"If-None-Match": '"1"'})
    page = documented_body(
        platform.get("/v1/registrations", params={"adviser_id": first["adviser_id"]}), "listRegistrations"
    )

    assert (first["warnings"], second["warnings"]) == ([], warned_of(first))
    assert documented_body(answer, "getRegistration")["warnings"] == warned_of(second)
    assert (answer.status_code, answer.headers["ETag"], answer.json()["version"]) == (200, '"2"', 2)
    assert [item["warnings"] for item in page["data"]] == [warned_of(second), warned_of(first)]


def test_what_else_is_said_of_the_first_stays(platform: httpx.Client) -> None:
    first, second = a_pair(platform)

    present = read_registration(platform, first)

    assert present == {**first, "version": 2, "warnings": warned_of(second)}
    assert len(platform.get(first["links"]["decisions"]).json()["data"]) == 1


def test_a_preview_warns_as_the_registration_would(platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)
    first = register(platform, adviser_id, session=LONG).json()

    shared, apart = (
        platform.post(
            "/v1/registrations/preview",
            json=registration_body(adviser_id, module_code="cybersecurite", session=session),
        )
        for session in (ITS_LAST_DAY, THE_DAY_AFTER)
    )

    assert documented_body(shared, "previewRegistration")["warnings"] == warned_of(first)
    assert apart.json()["warnings"] == []
    assert read_registration(platform, first) == first


def test_no_day_shared_no_warning(platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)
    first, second = (
        register(platform, adviser_id, session=session, module_code=code).json()
        for session, code in ((LONG, "cybersecurite"), (THE_DAY_AFTER, "numerique-responsable"))
    )

    assert second["warnings"] == []
    assert read_registration(platform, first) == first


def test_a_cancellation_takes_both_warnings_away(platform: httpx.Client) -> None:
    first, second = a_pair(platform)

    cancelled = post_action(platform, second, "cancellation").json()

    present = read_registration(platform, first)
    assert (cancelled["warnings"], present["warnings"], present["version"]) == ([], [], 3)
    assert present["status"] == "accepted"


def test_a_move_brings_and_takes_warnings(admin: httpx.Client) -> None:
    first, second = a_pair(admin)

    away = reschedule(admin, second, starts_on="2026-09-17").json()
    without = read_registration(admin, first)
    back = reschedule(admin, second, starts_on="2026-09-15").json()

    assert (away["warnings"], without["warnings"], without["version"]) == ([], [], 3)
    assert back["warnings"] == warned_of(first)
    assert (read_registration(admin, first)["warnings"], read_registration(admin, first)["version"]) == (
        warned_of(second),
        4,
    )


def test_a_refused_registration_warns_nobody(platform: httpx.Client) -> None:
    first, refused = a_pair(platform, module_code="aidants-connect")

    assert (refused["status"], refused["warnings"]) == ("refused", [])
    assert read_registration(platform, first) == first


@pytest.mark.parametrize("outcome", ["absent_unjustified", "completed"])
def test_whoever_was_absent_was_at_no_session(admin: httpx.Client, outcome: str) -> None:
    adviser_id = an_adviser_in_post(admin)
    first, second = (
        register(admin, adviser_id, starts_on="2025-05-13", module_code=code).json()
        for code in ("cybersecurite", "cafe-ia")
    )

    report = post_action(admin, second, "attendance", outcome=outcome).json()

    shared = outcome == "completed"
    assert report["warnings"] == (warned_of(first) if shared else [])
    assert read_registration(admin, first)["warnings"] == (warned_of(second) if shared else [])


def test_an_organisation_is_warned_of_its_own_only(
    platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> None:
    own, theirs = a_pair(platform, training_organisation_id=str(HISTYA))
    third = register(organisation, own["adviser_id"], starts_on="2026-09-16", module_code="handicap").json()

    page = organisation.get("/v1/registrations", params={"adviser_id": own["adviser_id"]}).json()["data"]

    assert third["warnings"] == warned_of(own)
    assert read_registration(organisation, own)["warnings"] == warned_of(third)
    assert [item["warnings"] for item in page] == [warned_of(third), warned_of(own)]
    assert read_registration(histya, theirs)["warnings"] == []
    assert read_registration(platform, theirs)["warnings"] == warned_of(own, third)
    body = registration_body(own["adviser_id"], starts_on="2026-09-16", module_code="cafe-ia")
    assert organisation.post("/v1/registrations/preview", json=body).json()["warnings"] == warned_of(own, third)
