"""The training record, in JSON and as a picture, tells the sessions of registrations: seats, queues, confirmation."""

import asyncio
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from app.domain.facts.registration_terms import CancellationCause
from app.persistence.engine.database import open_database
from app.seed.published_catalogue import HISTYA
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.give_seats import cancel_waiting_in_vain
from app.wording.timeline_labels import CANCELLATION_LABELS, queue_label
from tests.api.advisers.test_timelines import SVG, draw_timeline
from tests.api.registration_states import post_action
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import LiveServer, idempotency_headers
from tests.session_builders import RENNES, a_session, register_in_session

UPCOMING = "2026-09-08"


def recorded(client: httpx.Client, adviser_id: str) -> list[dict[str, Any]]:
    found = client.get(f"/v1/advisers/{adviser_id}/training-record").raise_for_status().json()
    sessions: list[dict[str, Any]] = found["sessions"]
    return sessions


def drawn(client: httpx.Client, adviser_id: str) -> dict[str, list[str]]:
    """The texts of each session."""
    return draw_timeline(client, adviser_id).rows("session")


def ask_for(client: httpx.Client, deed: str, session: str) -> None:
    client.post(f"/v1/sessions/{session}/{deed}", headers=idempotency_headers()).raise_for_status()


async def _done(url: str, day: int) -> None:
    database, now = open_database(url, pool_size=2), MORNING.replace(month=9, day=day)
    while await carry_out_session_deeds(database, now) or await cancel_waiting_in_vain(database, now):
        pass
    await database.close()


def done(served: LiveServer, *, on_day_of_september: int = 1) -> None:
    """What was asked of whole sessions, and what becomes of who waits on that day."""
    asyncio.run(_done(served.database_url, on_day_of_september))


def full_session(client: httpx.Client, **fields: Any) -> str:
    """A session of one seat, which somebody has."""
    session = a_session(client, starts_on=UPCOMING, seats={"maximum": 1}, **fields)
    register_in_session(client, an_adviser_in_post(client), session)
    return session


def test_a_registration_is_told_with_its_session_and_seat(admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(admin)
    session = a_session(admin, starts_on=UPCOMING, reference="REN-1", seats={"maximum": 12})
    held = register_in_session(admin, adviser, session)
    carried = register(admin, adviser, starts_on="2026-03-10", module_code="handicap").raise_for_status().json()

    first, second = recorded(admin, adviser)

    assert second == {
        "registration_id": held["id"],
        "module_code": "numerique-responsable",
        "session_id": session,
        "reference": "REN-1",
        "place": RENNES["name"],
        "starts_on": UPCOMING,
        "ends_on": UPCOMING,
        "status": "accepted",
        "funding": "state",
        "seat": {"status": "seated", "place": None},
        "confirmed": False,
        "cancelled_because": None,
    }
    assert (first["registration_id"], first["session_id"], first["seat"]) == (carried["id"], None, None)


def test_who_waits_is_told_at_which_place(admin: httpx.Client) -> None:
    session = full_session(admin)
    waiting = [an_adviser_in_post(admin) for _ in range(2)]
    ids = [register_in_session(admin, each, session)["id"] for each in waiting]

    assert [recorded(admin, each)[0]["seat"] for each in waiting] == [
        {"status": "waiting", "place": 1},
        {"status": "waiting", "place": 2},
    ]
    for adviser, name, rank in zip(waiting, ids, ("1er", "2e"), strict=True):
        assert drawn(admin, adviser)[name][2:] == [
            f"Attend une place ({rank} rang)",
            "financée par l’État · Année 2026",
        ]
        assert draw_timeline(admin, adviser).shapes("session") == {name: ["#queued"]}


def test_who_waits_at_somebodys_expense_is_told_so(admin: httpx.Client) -> None:
    session, adviser = full_session(admin), an_adviser_in_post(admin)
    register(admin, adviser, starts_on="2026-08-25", module_code="handicap").raise_for_status()
    over = register_in_session(admin, adviser, session)
    kept = post_action(admin, over, "choice", choice="keep", payer="employer").raise_for_status().json()

    assert kept["seat"] == {"status": "waiting", "place": 1}
    assert drawn(admin, adviser)[over["id"]][2:] == ["Attend une place (1er rang)", "sans prise en charge"]


def test_a_confirmed_session_is_told_as_such_with_its_place_and_reference(admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(admin)
    session = a_session(admin, starts_on=UPCOMING, reference="REN-2")
    held = register_in_session(admin, adviser, session)
    before = recorded(admin, adviser)[0]
    ask_for(admin, "confirmation", session)

    (after,) = recorded(admin, adviser)

    assert (before["confirmed"], after["confirmed"]) == (False, True)
    assert after["seat"] == {"status": "seated", "place": None}
    (row,) = draw_timeline(admin, adviser).elements("session")
    assert row.findtext(f"{SVG}title") == (
        "Numérique responsable, le 08/09/2026, confirmée, Les Champs libres, REN-2, Financée par l’État, "
        "acceptée · Année 2026"
    )
    assert draw_timeline(admin, adviser).shapes("session") == {held["id"]: ["#funded"]}


def test_whoever_had_no_seat_on_the_first_day_is_told_why(own_service: LiveServer) -> None:
    with own_service.client("admin") as admin:
        session, adviser = full_session(admin), an_adviser_in_post(admin)
        waiting = register_in_session(admin, adviser, session)
        done(own_service, on_day_of_september=8)

        (told,) = recorded(admin, adviser)
        said = drawn(admin, adviser)[waiting["id"]]

    assert (told["status"], told["seat"], told["cancelled_because"]) == ("cancelled", None, "no_seat")
    assert said[2:] == ["Annulée", "faute de place"]


def test_a_cancelled_session_is_not_confirmed_any_more(own_service: LiveServer) -> None:
    with own_service.client("admin") as admin:
        adviser = an_adviser_in_post(admin)
        session = a_session(admin, starts_on=UPCOMING)
        held = register_in_session(admin, adviser, session)
        ask_for(admin, "confirmation", session)
        ask_for(admin, "cancellation", session)
        done(own_service)

        (told,) = recorded(admin, adviser)
        said = drawn(admin, adviser)[held["id"]]

    assert (told["confirmed"], told["cancelled_because"]) == (False, "session_cancelled")
    assert (said[1], *said[2:]) == ("le 08/09/2026, Les Champs libres", "Annulée", "la session est annulée")


@pytest.mark.parametrize("motive", [None, "no_seat", "Grippe"])
def test_what_somebody_chose_to_cancel_has_no_other_cause(admin: httpx.Client, motive: str | None) -> None:
    """Of a registration that carries its own days, a motive is what somebody wrote."""
    adviser = an_adviser_in_post(admin)
    registration = register(admin, adviser, starts_on=UPCOMING).raise_for_status().json()
    post_action(admin, registration, "cancellation", motive=motive).raise_for_status()

    assert [item["cancelled_because"] for item in recorded(admin, adviser)] == [None]
    assert drawn(admin, adviser)[registration["id"]][2:] == ["Annulée"]


def test_what_a_registration_says_of_its_own_session_is_not_drawn(admin: httpx.Client) -> None:
    """It may name somebody; the record in JSON tells it to whoever reads registrations."""
    adviser = an_adviser_in_post(admin)
    session = {"starts_on": UPCOMING, "ends_on": UPCOMING, "format": "on_site", "place": "Chez Zoé", "reference": "Z-1"}
    register(admin, adviser, session=session).raise_for_status()

    drawing = draw_timeline(admin, adviser)

    assert [(item["place"], item["reference"]) for item in recorded(admin, adviser)] == [("Chez Zoé", "Z-1")]
    assert not any("Zoé" in text or "Z-1" in text for text in drawing.root.itertext())


def test_an_organisation_is_told_its_own_sessions(admin: httpx.Client, organisation: httpx.Client) -> None:
    adviser = an_adviser_in_post(admin)
    own = register_in_session(admin, adviser, a_session(admin, starts_on=UPCOMING))
    other = a_session(admin, starts_on="2026-10-06", training_organisation_id=str(HISTYA), reference="HISTYA-1")
    register_in_session(admin, adviser, other)

    assert [item["registration_id"] for item in recorded(organisation, adviser)] == [own["id"]]
    assert len(recorded(admin, adviser)) == 2
    assert "HISTYA-1" not in "".join(draw_timeline(organisation, adviser).root.itertext())


def test_a_picture_explains_whoever_waits(admin: httpx.Client) -> None:
    drawing = draw_timeline(admin, an_adviser_in_post(admin))

    legend = drawing.root.findall(f"{SVG}use")
    assert [each.get("href") for each in legend].count("#queued") == 1
    assert "en attente d’une place" in [text.text for text in drawing.root.findall(f"{SVG}text")]


def test_every_cause_has_words_of_its_own() -> None:
    assert {*CANCELLATION_LABELS} == {*CancellationCause}
    assert len({*CANCELLATION_LABELS.values()}) == len(CancellationCause)
    assert queue_label(21) == "Attend une place (21e rang)"


def test_the_picture_is_well_formed_with_any_place(admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(admin)
    place = {"name": 'Le <Tiers-lieu> & l’"Atelier"', "address": None, "department": None}
    held = register_in_session(admin, adviser, a_session(admin, starts_on=UPCOMING, place=place))

    answer = admin.get(f"/v1/advisers/{adviser}/training-record.svg").raise_for_status()

    assert ET.fromstring(answer.content) is not None  # noqa: S314  # drawn by us
    assert str(place["name"]) in drawn(admin, adviser)[held["id"]][1]
