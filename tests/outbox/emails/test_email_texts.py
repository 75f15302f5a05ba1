"""Every e-mail of section 9 says what happened, what to do, who must do it, by which rule, and how to contest it."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.domain.decisions.refusals import Actor, Reason
from app.domain.events import EventType, Recipient
from app.domain.facts.registration_terms import Chooser
from app.wording.dates import format_period
from app.wording.emails.email_layout import NO_BREAK_SPACE, of_person, with_no_break_spaces
from app.wording.emails.email_rules import DECISION_EVENTS
from app.wording.emails.emails import LostEventError, decision_to_answer, render_email, template_of
from app.wording.emails.outcome_context import ATTENDANCE_EVENTS
from app.wording.published_rules import TRAINING_PAGE, published_texts, rule_sentences
from tests.outbox.emails.email_cases import (
    ALL_REASONS,
    BASE_URL,
    HEADINGS,
    LINK,
    PROMISED_EMAILS,
    SUPPORT,
    SUPPORT_PAGE,
    a_row,
    check_french,
    email_for,
    emails_in_each_situation,
    plain_text,
    visible_text,
)
from tests.outbox.emails.session_cases import SUMMARIES

ADDRESSES = {
    Recipient.ADVISER: "ines",
    Recipient.EMPLOYER: "mairie",
    Recipient.TRAINING_ORGANISATION: "la-mednum",
    Recipient.SUPPORT: "support",
}
APP = Path(__file__).parents[3] / "app"
TEMPLATES = APP / "wording" / "emails" / "templates"

every_letter = pytest.mark.parametrize(("event_type", "recipient"), PROMISED_EMAILS, ids=lambda item: item.value)


ASKS_OF_US = {EventType.ADVISER_RETURNED}  # told to whoever administers the service: its own register


def without_links(text: str) -> str:
    """A page has them in its `href`."""
    return re.sub(r"https?://\S+", "", text)


def letters_and_digits(text: str) -> list[str]:
    return re.findall(r"[\w’]+", text.lower())


@every_letter
def test_it_says_all_five_in_both_forms(event_type: EventType, recipient: Recipient) -> None:
    for _, letter in emails_in_each_situation(event_type, recipient):
        text, page = plain_text(letter), visible_text(letter.html)
        parts = re.split("|".join(heading.upper() for heading in HEADINGS), text)
        assert [heading for heading in HEADINGS if heading in page] == [*HEADINGS]
        assert len(parts) == 5
        assert parts[0].startswith("Bonjour")
        assert min(map(len, parts)) >= len("Vous.")
        assert parts[2].strip().endswith(".")
        assert re.search(r"- .+\. Textes? publiés? : - .+ : https://\S+$", parts[3].strip()) or event_type in ASKS_OF_US
        assert SUPPORT in parts[4]
        assert SUPPORT in page
        assert "Cordialement" in parts[4]


@every_letter
def test_both_forms_say_the_same(event_type: EventType, recipient: Recipient) -> None:
    for _, letter in emails_in_each_situation(event_type, recipient):
        page = " ".join(letters_and_digits(visible_text(letter.html)))
        blocks = [block for block in re.split(r"\n\n|\n(?=- )", letter.text) if LINK not in block]
        missing = [block for block in blocks if " ".join(letters_and_digits(without_links(block))) not in page]
        assert missing == []
        opened = {*re.findall(r'href="(https://[^"]+)"', letter.html)}
        assert opened == {*re.findall(r"https://\S+[^\s.,;)]", letter.text)} or event_type in ASKS_OF_US


@every_letter
def test_it_has_a_subject_of_one_line_and_an_address(event_type: EventType, recipient: Recipient) -> None:
    for changed, letter in emails_in_each_situation(event_type, recipient):
        assert 20 < len(letter.subject) < 160
        assert "\n" not in letter.subject
        assert letter.subject in letter.html
        known = changed.get(f"{recipient}_email", f"{ADDRESSES[recipient]}@example.org")
        assert (letter.address, letter.support) == (known, SUPPORT)


@every_letter
def test_it_is_french_as_it_should_be_written(event_type: EventType, recipient: Recipient) -> None:
    for _, letter in emails_in_each_situation(event_type, recipient):
        check_french(letter)


@every_letter
def test_a_decision_says_that_it_is_automatic_when_it_is(event_type: EventType, recipient: Recipient) -> None:
    for changed, letter in emails_in_each_situation(event_type, recipient):
        automatic = _tells_a_decision(event_type, recipient, changed) and changed.get("automatic", True)
        assert ("L. 311-3-1" in letter.text) is ("L. 311-3-1" in letter.html) is automatic
        assert ("à votre dossier" in plain_text(letter)) is (automatic and recipient is Recipient.ADVISER)
        assert not (automatic and "prise par une personne" in letter.text)


def _tells_a_decision(event_type: EventType, recipient: Recipient, changed: dict[str, Any]) -> bool:
    """A session that moved is decided again when its days did, of each person."""
    if event_type is not EventType.SESSION_MOVED:
        return event_type in DECISION_EVENTS
    is_moved = "nouvelle session" in email_for(event_type, recipient, **changed).subject
    return is_moved and recipient is not Recipient.TRAINING_ORGANISATION


@every_letter
def test_an_adviser_contests_on_a_page_and_the_others_by_writing(event_type: EventType, recipient: Recipient) -> None:
    for _, letter in emails_in_each_situation(event_type, recipient):
        contest = letter.text.partition("POUR CONTESTER")[2].partition("Cordialement")[0]
        has_page = (SUPPORT_PAGE in contest, f'href="{SUPPORT_PAGE}"' in letter.html)
        assert has_page == (recipient is Recipient.ADVISER,) * 2
        assert SUPPORT in contest
        assert f'href="mailto:{SUPPORT}"' in letter.html


@every_letter
def test_what_is_recorded_after_the_fact_asks_nothing(event_type: EventType, recipient: Recipient) -> None:
    for changed, letter in emails_in_each_situation(event_type, recipient):
        is_past = bool(changed.get("data", {}).get("recorded_after_the_fact")) and event_type not in ATTENDANCE_EVENTS
        assert ("après coup" in letter.text) is ("après coup" in letter.html) is is_past
        if is_past:
            text = plain_text(letter)
            assert "CE QU’IL FAUT FAIRE Rien. QUI DOIT AGIR Personne. SUR QUELLE RÈGLE" in text
            assert "/answer/" not in letter.text + letter.html


@every_letter
def test_it_asks_nothing_of_the_network(event_type: EventType, recipient: Recipient) -> None:
    for _, letter in emails_in_each_situation(event_type, recipient):
        assert not re.search(r"<(img|script|link|iframe)\b|url\(|@import", letter.html)
        assert 'lang="fr"' in letter.html


@every_letter
def test_only_who_can_still_answer_has_a_link(event_type: EventType, recipient: Recipient) -> None:
    for changed, letter in emails_in_each_situation(event_type, recipient):
        assert (LINK in letter.text) is (LINK in letter.html) is _can_answer(event_type, recipient, changed)


def _can_answer(event_type: EventType, recipient: Recipient, changed: dict[str, Any]) -> bool:
    row = a_row(event_type, recipient, **changed)
    hopeless = any(reason in row["reasons"] for reason in Reason if not reason.is_regularisable)
    late = row["occurred_on"].month == 12 or "après coup" in plain_text(email_for(event_type, recipient, **changed))
    return decision_to_answer(row) is not None and not hopeless and not late


def test_every_letter_is_that_of_an_event() -> None:
    """Except the shared templates, and those for owners of webhook endpoints."""
    named = {template_of(event_type) for event_type, _ in PROMISED_EMAILS} | {"endpoint.jinja"}
    files = {file.name: file.read_text() for file in TEMPLATES.iterdir()}
    included = {name for text in files.values() for name in re.findall(r'include "([a-z_]+\.jinja)"', text)}

    assert {name for name in files if name.endswith(".jinja")} == named | included


@pytest.mark.parametrize(
    ("legal_form", "offered"), [("private", True), ("public", False), ("undetermined", False), (None, False)]
)
def test_an_opco_is_a_private_employer_s(legal_form: str | None, offered: bool) -> None:  # noqa: FBT001  # a parameter
    letter = email_for(EventType.REGISTRATION_OVER_QUOTA, Recipient.ADVISER, legal_form=legal_form)

    assert ("OPCO" in letter.text) is ("OPCO" in letter.html) is offered


def test_the_deadline_is_that_of_the_policy() -> None:
    def asked(reply_days: int | None) -> str:
        return plain_text(email_for(EventType.REGISTRATION_OVER_QUOTA, Recipient.ADVISER, reply_days=reply_days))

    assert "au plus tard le 14 décembre 2026" in asked(None)
    assert "au plus tard le 25 juin 2026" in asked(10)


@pytest.mark.parametrize("recipient", [Recipient.ADVISER, Recipient.EMPLOYER, Recipient.TRAINING_ORGANISATION])
def test_a_refusal_says_each_reason_and_who_can_lift_it(recipient: Recipient) -> None:
    text = plain_text(email_for(EventType.REGISTRATION_REFUSED, recipient, **ALL_REASONS))

    mine = [reason for reason in Reason if recipient is not Recipient.EMPLOYER or reason.who_acts is Actor.EMPLOYER]
    assert text.count("Qui agit :") == len(mine)
    assert f"pour {len(mine)} motifs" in text
    assert all(sentence in text for sentence in rule_sentences({reason.rule for reason in mine}))


def test_an_employer_is_told_its_own_affairs_alone() -> None:
    text = plain_text(email_for(EventType.REGISTRATION_REFUSED, Recipient.EMPLOYER))

    assert "Contrat de travail à jour non déposé" in text
    assert "CCP1" not in text


@pytest.mark.parametrize("recipient", [Recipient.ADVISER, Recipient.TRAINING_ORGANISATION])
@pytest.mark.parametrize(("address", "is_told"), [("mairie@example.org", True), (None, False)])
def test_nobody_is_said_to_have_been_told_who_could_not_be(
    recipient: Recipient,
    address: str | None,
    is_told: bool,  # noqa: FBT001  # a parameter
) -> None:
    text = plain_text(email_for(EventType.REGISTRATION_REFUSED, recipient, employer_email=address))

    assert ("tructure employeuse a reçu un message" in text) is is_told
    assert ("Aucune adresse de courriel" in text) is not is_told


def test_an_organisation_asks_an_adviser_who_has_no_address() -> None:
    text = plain_text(email_for(EventType.REGISTRATION_OVER_QUOTA, Recipient.TRAINING_ORGANISATION, adviser_email=None))

    assert "recueillez son choix" in text
    assert "a reçu un message" not in text


@pytest.mark.parametrize(
    ("payer", "adviser", "employer", "organisation"),
    [
        ("employer", "de votre structure employeuse", "de votre structure", "de la structure employeuse"),
        ("opco", "(OPCO) de votre structure", "de votre opérateur de compétences (OPCO)", "(OPCO) de la structure"),
        ("self", "à votre charge", "à la charge du conseiller", "à la charge du conseiller"),
    ],
)
def test_each_is_told_who_pays(payer: str, adviser: str, employer: str, organisation: str) -> None:
    for recipient, words in zip(ADDRESSES, (adviser, employer, organisation), strict=False):
        text = plain_text(email_for(EventType.REGISTRATION_KEPT_UNFUNDED, recipient, data={"payer": payer}))
        assert words in text.partition("CE QU’IL FAUT FAIRE")[0]


IN_THEIR_PLACE = {
    Chooser.PLATFORM: "La Coop de la médiation numérique",
    Chooser.TRAINING_ORGANISATION: "La Mednum",
    Chooser.ADMIN: "Le support du dispositif",
}


@pytest.mark.parametrize("chooser", Chooser)
def test_a_choice_in_the_place_of_the_adviser_is_said_to_be_such(chooser: Chooser) -> None:
    choice = {"data": {"chosen_by": chooser}}
    kept = plain_text(email_for(EventType.REGISTRATION_KEPT_UNFUNDED, Recipient.ADVISER, **choice))
    cancelled = plain_text(
        email_for(EventType.REGISTRATION_CANCELLED, Recipient.ADVISER, outcome="over_quota", **choice)
    )

    if chooser is Chooser.ADVISER:
        assert "Vous avez choisi de conserver votre inscription" in kept
        assert "à votre place" not in kept + cancelled
    else:
        assert f"{IN_THEIR_PLACE[chooser]} a choisi, à votre place, de conserver votre inscription" in kept
        assert f"{IN_THEIR_PLACE[chooser]} l’a annulée, à votre place." in cancelled
        assert f"Si ce choix n’est pas le vôtre, dites-le sans attendre à {SUPPORT}" in kept
        assert f"Si vous ne l’avez pas voulu, dites-le sans attendre à {SUPPORT}" in cancelled


@pytest.mark.parametrize("recipient", [Recipient.EMPLOYER, Recipient.TRAINING_ORGANISATION])
def test_and_so_is_it_to_the_others(recipient: Recipient) -> None:
    def told(chooser: Chooser) -> str:
        return plain_text(email_for(EventType.REGISTRATION_KEPT_UNFUNDED, recipient, data={"chosen_by": chooser}))

    assert "Inès Quéméner a choisi de conserver son inscription" in told(Chooser.ADVISER)
    assert "La Coop de la médiation numérique a choisi, à la place d’Inès Quéméner," in told(Chooser.PLATFORM)
    own = "Votre organisme de formation" if recipient is Recipient.TRAINING_ORGANISATION else "La Mednum"
    assert f"{own} a choisi, à la place d’Inès Quéméner," in told(Chooser.TRAINING_ORGANISATION)


@pytest.mark.parametrize("recipient", [Recipient.EMPLOYER, Recipient.TRAINING_ORGANISATION])
def test_only_the_adviser_is_told_when_a_contract_ended(recipient: Recipient) -> None:
    reasons = '[{"code": "not_in_post", "detail": "contract_ended", "day": "2026-03-01"}]'

    def told(reader: Recipient) -> str:
        return plain_text(email_for(EventType.REGISTRATION_REFUSED, reader, reasons=reasons, rules=["R1"]))

    assert "(dernier jour : 1er mars 2026)" in told(Recipient.ADVISER).replace(NO_BREAK_SPACE, " ")
    assert "arrivé à échéance avant le premier jour" in told(recipient).replace(NO_BREAK_SPACE, " ")
    assert "mars" not in told(recipient)


@pytest.mark.parametrize(("stage", "told"), [("before", "À présenter au plus tard le"), ("deadline", "Échéance du")])
def test_a_reminder_names_each_exam_who_pays_it_and_the_last_day(stage: str, told: str) -> None:
    letter = email_for(EventType.CERTIFICATION_DUE, Recipient.EMPLOYER, data={"stage": stage})

    assert letter.subject.startswith(with_no_break_spaces(f"{told} 15 juillet 2026"))
    assert "CCP1 REMN, pris en charge par l’État" in plain_text(letter)
    assert "Certification Pix, à la charge de la structure employeuse" in plain_text(letter)


def test_an_exam_that_is_in_the_catalogue_no_more_is_named_by_its_code() -> None:
    letter = email_for(EventType.CERTIFICATION_DUE, Recipient.ADVISER, exam_titles=None)

    assert "remn-ccp1" in letter.text


@pytest.mark.parametrize(("units", "told"), [(1, "1 module financé à utiliser"), (2, "2 modules financés à utiliser")])
def test_a_warning_says_what_is_left_until_when(units: int, told: str) -> None:
    letter = email_for(EventType.ENTITLEMENT_EXPIRING, Recipient.ADVISER, data={"units": units})

    assert letter.subject == with_no_break_spaces(f"{told} au plus tard le 14 août 2026")


@pytest.mark.parametrize(
    ("data", "subject", "said"),
    [
        ({}, "à commencer au plus tard le 5 juillet 2026", "Elle doit commencer au plus tard le 5 juillet 2026"),
        ({"is_late": True}, "à commencer", "Elle devait commencer au plus tard le 5 juillet 2026"),
        ({"due_on": None}, "à commencer", "sauf pour qui a une qualification qui en dispense."),
    ],
)
def test_a_reminder_of_initial_training_says_by_when(data: dict[str, Any], subject: str, said: str) -> None:
    to_adviser, to_employer = (
        email_for(EventType.INITIAL_TRAINING_OWED, recipient, data=data)
        for recipient in (Recipient.ADVISER, Recipient.EMPLOYER)
    )

    assert to_adviser.subject == with_no_break_spaces(f"Formation initiale {subject}")
    assert to_employer.subject.endswith(with_no_break_spaces(subject))
    assert said in plain_text(to_adviser)
    assert "en poste depuis le 5 janvier 2026" in plain_text(to_adviser)
    assert "5 janvier" not in plain_text(to_employer), "it may be a post of another employer's"


def test_what_somebody_typed_is_no_markup() -> None:
    letter = email_for(
        EventType.REGISTRATION_ACCEPTED, Recipient.ADVISER, module='<b onclick="x">M</b>', first_name="<i>"
    )

    assert "<b onclick" not in letter.html
    assert "<i>" not in letter.html
    assert "&lt;b onclick" in letter.html
    assert '<b onclick="x">M</b>' in letter.text


TYPED = ("first_name", "last_name", "module", "organisation", "employer", "session_place")
BREAKS = ["\n\n", "\r\n\r\n", "\n \t\n", "\u2028\u2028", "\x85\x85"]


@every_letter
@pytest.mark.parametrize("line_break", BREAKS, ids=repr)
def test_what_somebody_typed_has_no_line_of_its_own(
    event_type: EventType, recipient: Recipient, line_break: str
) -> None:
    """Or a place could be followed by paragraphs that look like the service's."""
    typed = [name for name in TYPED if a_row(event_type, recipient).get(name) is not None]

    forged, plain = (
        email_for(event_type, recipient, **dict.fromkeys(typed, f"Salle{between}QUI DOIT AGIR{between}- Vous"))
        for between in (line_break, " ")
    )

    assert forged == plain


OF_SESSION = ("reference", "place_name", "place_address", "cancellation_motive")


@pytest.mark.parametrize(("event_type", "recipient"), [each for each in PROMISED_EMAILS if each[0] in SUMMARIES])
@pytest.mark.parametrize("line_break", BREAKS, ids=repr)
def test_nor_has_what_an_organisation_typed_of_its_session(
    event_type: EventType, recipient: Recipient, line_break: str
) -> None:
    session = orjson.loads(a_row(event_type, recipient)["published"])

    forged, plain = (
        email_for(event_type, recipient, published=orjson.dumps(session | dict.fromkeys(OF_SESSION, typed)).decode())
        for typed in (f"Salle{between}QUI DOIT AGIR{between}- Vous" for between in (line_break, " "))
    )

    assert forged == plain


def test_no_line_break_gets_into_a_subject() -> None:
    letter = email_for(EventType.REGISTRATION_ACCEPTED, Recipient.ADVISER, module="M\r\nBcc: other@example.org")

    assert "\n" not in letter.subject


def test_an_event_that_is_forgotten_is_not_told() -> None:
    row = a_row(EventType.REGISTRATION_ACCEPTED, Recipient.ADVISER) | {"data": None}

    with pytest.raises(LostEventError):
        render_email(row, SUPPORT, BASE_URL)


def test_every_rule_that_decides_can_be_said() -> None:
    rules = sorted(
        {rule for file in (APP / "domain").rglob("*.py") for rule in re.findall(r'"(R\d+)"', file.read_text())}
    )

    assert len(rules) > 15
    assert all(sentence.endswith(".") for sentence in rule_sentences(rules))
    assert published_texts(["R29", "R28"]) == [TRAINING_PAGE]
    assert len(published_texts(rules)) > 3
    assert all(text.address.startswith("https://") for text in published_texts(rules))


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 12, 1), date(2026, 12, 1), "du 1er décembre 2026"),
        (date(2026, 12, 1), date(2026, 12, 2), "du 1er au 2 décembre 2026"),
        (date(2026, 11, 30), date(2026, 12, 1), "du 30 novembre au 1er décembre 2026"),
        (date(2026, 12, 30), date(2027, 1, 3), "du 30 décembre 2026 au 3 janvier 2027"),
    ],
)
def test_days_are_said_as_people_do(first: date, last: date, words: str) -> None:
    assert format_period(first, last) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Inès", "d’Inès"), ("Élodie", "d’Élodie"), ("Hélène", "d’Hélène"), ("Yves", "d’Yves"), ("Yann", "de Yann"),
        ("Camille", "de Camille"), ("", "de "),
    ],
)  # fmt: skip
def test_a_name_is_elided_as_it_is_spoken(name: str, words: str) -> None:
    assert of_person(name) == words


def test_no_line_ends_where_french_forbids() -> None:
    written_down = "le 1er_mai_: «_oui_»_; 2_motifs_?"

    assert with_no_break_spaces(written_down.replace("_", " ")) == written_down.replace("_", NO_BREAK_SPACE)
