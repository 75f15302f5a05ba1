"""Registrations to published sessions over HTTP: seats and places to wait, in previews too; warnings; moves."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.registration_states import post_action, read_registration
from tests.api.response_assertions import documented_body, expect_problem
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post
from tests.live_server import idempotency_headers

Body = dict[str, Any]
SEATED, FIRST_TO_WAIT = {"status": "seated", "place": None}, {"status": "waiting", "place": 1}
OWN_DAYS = {"starts_on": "2026-09-16", "ends_on": "2026-09-16", "format": "remote"}


def a_session(client: httpx.Client, maximum: int | None = 1, **fields: Any) -> str:
    """The id of a new session of three days, of La Mednum's."""
    body = {
        "module_code": "numerique-responsable",
        "starts_on": "2026-09-14",
        "ends_on": "2026-09-16",
        "format": "remote",
        "seats": {"maximum": maximum},
        **fields,
    }
    answer = client.post("/v1/sessions", json=body, headers=idempotency_headers())
    return str(documented_body(answer, "publishSession")["id"])


def wish(adviser_id: str, session_id: str, **fields: Any) -> Body:
    return {"adviser_id": adviser_id, "session_id": session_id, "requested_on": "2026-04-01", **fields}


def ask(client: httpx.Client, session_id: str, adviser_id: str, **fields: Any) -> httpx.Response:
    return client.post("/v1/registrations", json=wish(adviser_id, session_id, **fields), headers=idempotency_headers())


def registered(client: httpx.Client, session_id: str, adviser_id: str) -> Body:
    body: Body = documented_body(ask(client, session_id, adviser_id), "registerAdviser")
    return body


def previewed(client: httpx.Client, session_id: str, adviser_id: str) -> Body:
    answer = client.post("/v1/registrations/preview", json=wish(adviser_id, session_id))
    body: Body = documented_body(answer, "previewRegistration")
    return body


def move(client: httpx.Client, registration: Body, **body: Any) -> httpx.Response:
    return client.patch(f"/v1/registrations/{registration['id']}", json=body, headers={"If-Match": "*"})


def test_a_registration_names_its_session_its_days_and_its_seat(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    session_id = a_session(organisation)

    first = registered(platform, session_id, an_adviser_in_post(platform))
    second = registered(organisation, session_id, an_adviser_in_post(platform))

    assert (first["session_id"], first["session"]["starts_on"], first["seat"]) == (session_id, "2026-09-14", SEATED)
    assert second["seat"] == FIRST_TO_WAIT
    session = organisation.get(f"/v1/sessions/{session_id}").json()
    assert (session["status"], session["seats"]["taken"], session["seats"]["waiting"]) == ("full", 1, 1)


def test_the_etag_of_who_waits_is_the_same_once_registered_and_once_read(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    session_id = a_session(organisation, maximum=1)
    registered(platform, session_id, an_adviser_in_post(platform))

    asked = ask(platform, session_id, an_adviser_in_post(platform))

    read = platform.get(f"/v1/registrations/{asked.json()['id']}")
    assert (read.json(), read.headers["ETag"]) == (asked.json(), asked.headers["ETag"])
    assert asked.json()["seat"] == FIRST_TO_WAIT


def test_the_etag_of_who_waits_changes_with_the_place(platform: httpx.Client, organisation: httpx.Client) -> None:
    session_id = a_session(organisation)
    registered(platform, session_id, an_adviser_in_post(platform))
    ahead, behind = (registered(platform, session_id, an_adviser_in_post(platform)) for _ in range(2))
    path = f"/v1/registrations/{behind['id']}"
    etag = platform.get(path).headers["ETag"]

    post_action(platform, ahead, "cancellation").raise_for_status()
    answer = platform.get(path, headers={"If-None-Match": etag})

    assert (answer.status_code, answer.json()["seat"]) == (200, FIRST_TO_WAIT)
    assert (behind["seat"]["place"], answer.json()["version"]) == (2, behind["version"])


def test_a_preview_says_the_seat_that_the_registration_then_gets(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    session_id = a_session(organisation)
    for expected in (SEATED, FIRST_TO_WAIT):
        adviser_id = an_adviser_in_post(platform)

        said = previewed(platform, session_id, adviser_id)

        assert said["seat"] == expected
        assert registered(platform, session_id, adviser_id)["seat"] == expected


def test_what_would_be_refused_or_has_days_of_its_own_gets_no_seat(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    own_days = {"module_code": "numerique-responsable", "session": OWN_DAYS}
    refused = previewed(platform, a_session(organisation), an_adviser(platform))

    plain = organisation.post(
        "/v1/registrations/preview", json={"adviser_id": an_adviser_in_post(platform), **own_days}
    )

    assert (refused["outcome"], refused["seat"]) == ("refused", None)
    assert documented_body(plain, "previewRegistration")["seat"] is None


def test_published_sessions_that_share_a_day_are_warned_of_in_preview_too(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    adviser_id = an_adviser_in_post(platform)
    first = registered(platform, a_session(organisation), adviser_id)
    other_id = a_session(organisation, module_code="cybersecurite", starts_on="2026-09-16", ends_on="2026-09-17")

    said, second = previewed(platform, other_id, adviser_id), registered(platform, other_id, adviser_id)

    assert said["warnings"] == second["warnings"] == [{"code": "overlaps", "registration_id": first["id"]}]
    assert read_registration(platform, first)["warnings"] == [{"code": "overlaps", "registration_id": second["id"]}]


def test_a_registration_moves_to_another_session_and_out_of_it(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    first, second = a_session(organisation), a_session(organisation, starts_on="2026-09-28", ends_on="2026-09-28")
    registration = registered(platform, first, an_adviser_in_post(platform))

    moved = documented_body(move(organisation, registration, session_id=second), "rescheduleRegistration")
    out = documented_body(move(organisation, registration, session=OWN_DAYS), "rescheduleRegistration")

    assert (moved["session_id"], moved["session"]["starts_on"], moved["seat"]) == (second, "2026-09-28", SEATED)
    assert (out["session_id"], out["seat"]) == (None, None)
    counts = [organisation.get(f"/v1/sessions/{session_id}").json()["seats"]["taken"] for session_id in (first, second)]
    assert counts == [0, 0]


@pytest.mark.parametrize("same", [{}, {"format": "remote", "ends_on": "2026-09-16"}], ids=["nothing", "what it has"])
def test_a_patch_that_changes_nothing_stays_in_the_session(
    platform: httpx.Client, organisation: httpx.Client, same: Body
) -> None:
    session_id = a_session(organisation)
    registration = registered(platform, session_id, an_adviser_in_post(platform))

    patched = documented_body(move(organisation, registration, session=same), "rescheduleRegistration")

    assert (patched["session_id"], patched["seat"]) == (session_id, SEATED)


def test_a_move_is_refused_with_the_pointer_of_the_session(platform: httpx.Client, organisation: httpx.Client) -> None:
    registration = registered(platform, a_session(organisation), an_adviser_in_post(platform))
    begun = a_session(organisation, starts_on="2026-06-15", ends_on="2026-06-15", regularisation=True)
    other_module = a_session(organisation, module_code="cybersecurite")

    started = expect_problem(move(organisation, registration, session_id=begun), 422, "session-started")
    unknown = expect_problem(move(organisation, registration, session_id=str(uuid4())), 422, "unknown-reference")
    other = expect_problem(move(organisation, registration, session_id=other_module), 422, "validation-error")

    assert [said["errors"][0]["pointer"] for said in (started, unknown, other)] == ["/session_id"] * 3


def test_nobody_registers_to_a_session_that_is_closed_or_cancelled(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    adviser_id = an_adviser_in_post(platform)
    closed, off = a_session(organisation, registration_closes_on="2026-06-14"), a_session(organisation)
    organisation.post(f"/v1/sessions/{off}/cancellation", headers=idempotency_headers()).raise_for_status()

    for session_id, code in ((closed, "session-closed"), (off, "session-cancelled")):
        expect_problem(ask(platform, session_id, adviser_id), 409, code)
        expect_problem(platform.post("/v1/registrations/preview", json=wish(adviser_id, session_id)), 409, code)


def test_what_was_refused_is_not_regularised_for_a_cancelled_session(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    session_id, adviser_id = a_session(organisation), an_adviser(platform)
    refused = registered(platform, session_id, adviser_id)
    a_contract(platform, adviser_id)
    organisation.post(f"/v1/sessions/{session_id}/cancellation", headers=idempotency_headers()).raise_for_status()

    expect_problem(post_action(platform, refused, "re-examination"), 409, "session-cancelled")

    assert read_registration(platform, refused)["status"] == "refused"
