"""Letters about published sessions, brought about over HTTP: one a person for each deed, one an organisation."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from app.domain.events import Recipient
from app.persistence.engine.driver_types import Row
from app.wording.emails.emails import RenderedEmail
from tests.api.registration_states import post_action, read_registration
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer
from tests.outbox.emails.email_cases import check_french, plain_text
from tests.outbox.emails.personal_links import personal_link_path
from tests.outbox.emails.session_deeds import TWO_DAYS, ask, change, emails_after
from tests.outbox.emails.smtp_server import COMPOSER
from tests.session_builders import a_session, register_in_session

MOVED_TO: dict[str, Any] = {"starts_on": "2026-10-06", "ends_on": "2026-10-06", "hours": []}
Told = Counter[tuple[str, str]]


@pytest.fixture
def admin(own_service: LiveServer) -> Any:
    with own_service.client("admin") as client:
        yield client


def told(rows: Iterable[Row]) -> Told:
    """How many e-mails of each type to each kind of recipient; each is French."""
    counted: Told = Counter()
    for row in rows:
        check_french(COMPOSER.compose(row))
        counted[row["type"], row["recipient"]] += 1
    return counted


def letter_to(rows: Iterable[Row], recipient: Recipient, adviser_id: str | None = None) -> RenderedEmail:
    """The only one to this recipient, about this adviser when one is named."""
    (row,) = (row for row in rows if row["recipient"] == recipient and adviser_id in {None, str(row["adviser_id"])})
    return COMPOSER.compose(row)


def a_mixed_session(client: httpx.Client) -> tuple[str, dict[str, dict[str, Any]]]:
    """A session of two seats with registrations in each state, by what they are."""
    session = a_session(client, **TWO_DAYS, module_code="cybersecurite", seats={"maximum": 2})
    used_up = an_adviser_in_post(client)
    register(client, used_up, starts_on="2026-09-08").raise_for_status()
    advisers = {
        "seated": an_adviser_in_post(client),
        "seated too": an_adviser_in_post(client),
        "waiting": an_adviser_in_post(client),
        "over quota": used_up,
        "refused": an_adviser(client),
    }
    cyber = {"module_code": "cybersecurite"}
    return session, {name: register_in_session(client, each, session, **cyber) for name, each in advisers.items()}


def test_whoever_waits_is_told_at_which_place(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS, seats={"maximum": 1})
    first, _, third = (an_adviser_in_post(admin) for _ in range(3))
    for adviser in (first, _, third):
        register_in_session(admin, adviser, session)

    rows = emails_after(own_service.database_url)

    assert "Une place vous est réservée" in plain_text(letter_to(rows, Recipient.ADVISER, first))
    waits = letter_to(rows, Recipient.ADVISER, third)
    assert "en liste d’attente, en 2e position" in plain_text(waits)
    assert "en liste d’attente" in waits.subject
    assert "Gardez ces jours libres" in plain_text(waits)
    assert "n’a pas à la payer" in plain_text(letter_to(rows, Recipient.EMPLOYER, third))


def test_a_confirmation_convenes_whoever_has_a_seat(own_service: LiveServer, admin: httpx.Client) -> None:
    session, registrations = a_mixed_session(admin)
    before = emails_after(own_service.database_url)
    ask(admin, session, "confirmation")

    rows = emails_after(own_service.database_url, before)

    assert told(rows) == {
        ("session.confirmed", "adviser"): 2,
        ("session.confirmed", "employer"): 2,
        ("session.confirmed", "training_organisation"): 1,
    }
    seated = {registrations[name]["adviser_id"] for name in ("seated", "seated too")}
    assert {str(row["adviser_id"]) for row in rows if row["recipient"] == "adviser"} == seated
    letter = plain_text(letter_to(rows, Recipient.ADVISER, registrations["seated"]["adviser_id"]))
    assert "mardi 15 septembre 2026, de 9 h à 12 h 30, puis de 14 h à 17 h" in letter.replace("\u00a0", " ")
    assert "10 cours des Alliés, 35000 Rennes" in letter
    summary = plain_text(letter_to(rows, Recipient.TRAINING_ORGANISATION)).replace("\u00a0", " ")
    assert "2 inscriptions étaient concernées" in summary
    assert "- 2 personnes ont une place et sont convoquées" in summary
    assert "- 1 personne est en liste d’attente, et n’est pas convoquée" in summary
    assert f"/v1/sessions/{session}/roster" in summary


def test_a_move_tells_each_person_once_with_what_it_made_of_them(own_service: LiveServer, admin: httpx.Client) -> None:
    session, registrations = a_mixed_session(admin)
    late = registrations["seated too"]["adviser_id"]
    (contract,) = admin.get("/v1/contracts", params={"adviser_id": late}).json()["data"]
    ends = {"type": "CDD", "ends_on": "2026-09-30"}
    admin.patch(f"/v1/contracts/{contract['id']}", json=ends, headers={"If-Match": "*"}).raise_for_status()
    before = emails_after(own_service.database_url)
    change(admin, session, **MOVED_TO)

    rows = emails_after(own_service.database_url, before)

    assert {row["type"] for row in rows if row["recipient"] == "adviser"} <= {
        "session.moved", "registration.seat_given",
    }  # fmt: skip
    moved = Counter(
        str(row["adviser_id"]) for row in rows if (row["type"], row["recipient"]) == ("session.moved", "adviser")
    )
    assert moved == Counter(each["adviser_id"] for each in registrations.values())
    of_move = [row for row in rows if row["type"] == "session.moved"]

    def letter(name: str, recipient: Recipient = Recipient.ADVISER) -> str:
        text = plain_text(letter_to(of_move, recipient, registrations[name]["adviser_id"]))
        return text.replace("\u00a0", " ")

    assert "elle a lieu désormais le 6 octobre 2026" in letter("seated")
    assert "auparavant : du 15 au 16 septembre 2026" in letter("seated")
    assert "votre inscription est acceptée et financée par l’État" in letter("seated")
    assert "votre inscription est refusée, pour ce motif" in letter("seated too")
    assert personal_link_path(read_registration(admin, registrations["seated too"])) in letter("seated too")
    assert "Déclarez le contrat" in letter("seated too", Recipient.EMPLOYER)
    assert "dépasse le quota de modules financés : elle attend votre choix" in letter("over quota")
    assert personal_link_path(read_registration(admin, registrations["over quota"])) in letter("over quota")
    assert "votre inscription est refusée" in letter("refused")
    summary = plain_text(letter_to(of_move, Recipient.TRAINING_ORGANISATION)).replace("\u00a0", " ")
    assert "5 inscriptions étaient concernées" in summary
    assert "- 2 inscriptions sont refusées" in summary
    assert "- 1 inscription dépasse le quota" in summary


def test_another_place_is_told_without_a_new_decision(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_adviser_in_post(admin), session)
    before = emails_after(own_service.database_url)
    change(admin, session, place={"name": "Hôtel de ville", "address": "1 place de la Mairie, 35000 Rennes"})

    rows = emails_after(own_service.database_url, before)

    letter = letter_to(rows, Recipient.ADVISER)
    assert letter.subject.startswith("Votre session change")
    assert "Lieu : Hôtel de ville, 1 place de la Mairie, 35000 Rennes (auparavant :" in plain_text(letter).replace(
        "\u00a0", " "
    )
    assert "L. 311-3-1" not in letter.text


def test_one_that_moves_onto_another_registration_is_told_to_be_cancelled_for_it(
    own_service: LiveServer, admin: httpx.Client
) -> None:
    session, adviser = (
        a_session(admin, **TWO_DAYS),
        an_adviser_in_post(admin, initial_training={"entered_on": "2026-02-02"}),
    )
    register(admin, adviser, starts_on="2026-10-06").raise_for_status()
    register_in_session(admin, adviser, session)
    before = emails_after(own_service.database_url)
    change(admin, session, **MOVED_TO)

    rows = emails_after(own_service.database_url, before)

    assert told(rows) == {
        ("registration.cancelled", "adviser"): 1,
        ("registration.cancelled", "employer"): 1,
        ("registration.cancelled", "training_organisation"): 1,
        ("session.moved", "training_organisation"): 1,
    }
    letter = plain_text(letter_to(rows, Recipient.ADVISER)).replace("\u00a0", " ")
    assert "elle a lieu désormais le 6 octobre 2026. Vous aviez déjà une inscription" in letter
    assert "vous est rendu" in letter


def test_a_cancellation_gives_the_right_back_and_says_what_to_do(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS)
    adviser = an_adviser_in_post(admin)
    register_in_session(admin, adviser, session)
    before = emails_after(own_service.database_url)
    ask(admin, session, "cancellation", motive="Trop peu de personnes inscrites")

    rows = emails_after(own_service.database_url, before)

    assert told(rows) == {
        ("session.cancelled", recipient): 1 for recipient in ("adviser", "employer", "training_organisation")
    }
    letter = plain_text(letter_to(rows, Recipient.ADVISER)).replace("\u00a0", " ")
    assert "Le droit à un module financé qu’elle utilisait vous est rendu" in letter
    assert "« Trop peu de personnes inscrites »" in letter
    assert "https://lamednum.coop/formation/" in letter
    assert "- 1 inscription est annulée" in plain_text(letter_to(rows, Recipient.TRAINING_ORGANISATION)).replace(
        "\u00a0", " "
    )


def test_an_employer_who_pays_is_told_that_the_session_is_off(own_service: LiveServer, admin: httpx.Client) -> None:
    session, registrations = a_mixed_session(admin)
    kept = registrations["over quota"]
    post_action(admin, kept, "choice", choice="keep", payer="employer").raise_for_status()
    before = emails_after(own_service.database_url)
    ask(admin, session, "cancellation")

    rows = emails_after(own_service.database_url, before)

    letter = letter_to(rows, Recipient.EMPLOYER, kept["adviser_id"])
    assert "Si un règlement ou une demande de prise en charge était engagé" in plain_text(letter)


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_seat_that_is_given_is_told_once(own_service: LiveServer, admin: httpx.Client, confirmed: bool) -> None:  # noqa: FBT001  # a parameter
    session = a_session(admin, **TWO_DAYS, seats={"maximum": 1})
    seated, waiting = (register_in_session(admin, an_adviser_in_post(admin), session) for _ in range(2))
    if confirmed:
        ask(admin, session, "confirmation")
    before = emails_after(own_service.database_url)
    post_action(admin, seated, "cancellation").raise_for_status()

    rows = [
        row for row in emails_after(own_service.database_url, before) if str(row["adviser_id"]) == waiting["adviser_id"]
    ]

    assert told(rows) == {
        ("registration.seat_given", recipient): 1 for recipient in ("adviser", "employer", "training_organisation")
    }
    letter = letter_to(rows, Recipient.ADVISER)
    assert ("ce message est votre convocation" in plain_text(letter)) is (letter.calendar is not None) is confirmed


def test_whoever_waited_in_vain_is_told_and_so_is_the_employer(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS, seats={"maximum": 1})
    _, waiting = (register_in_session(admin, an_adviser_in_post(admin), session) for _ in range(2))
    before = emails_after(own_service.database_url)

    rows = emails_after(own_service.database_url, before, MORNING.replace(month=9, day=15))

    assert told(rows) == {
        ("registration.cancelled", recipient): 1 for recipient in ("adviser", "employer", "training_organisation")
    }
    letter = plain_text(letter_to(rows, Recipient.ADVISER, waiting["adviser_id"]))
    assert "Aucune place ne s’est libérée avant le premier jour" in letter
    assert "vous est rendu" in letter


def test_nobody_who_was_anonymised_is_written_to(own_service: LiveServer, admin: httpx.Client) -> None:
    session, (stays, leaves) = a_session(admin, **TWO_DAYS), [an_adviser_in_post(admin) for _ in range(2)]
    for adviser in (stays, leaves):
        register_in_session(admin, adviser, session)
    before = emails_after(own_service.database_url)
    ask(admin, session, "confirmation")
    admin.delete(f"/v1/advisers/{leaves}", headers={"If-Match": "*"}).raise_for_status()

    rows = emails_after(own_service.database_url, before)

    assert {str(row["adviser_id"]) for row in rows if row["recipient"] != "training_organisation"} == {stays}
