"""Every e-mail of section 9 says what happened, what to do, who must do it, by which rule, and how to contest it."""

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.domain.events import EventType, Recipient, written_to
from app.domain.refusals import Actor, Reason
from app.wording.articles import SITE, articles_of
from app.wording.letters import DECIDED, Letter, LostEventError, decision_to_answer, letter_of, template_of

SUPPORT = "support@example.org"
LINK = "https://inscriptions.example.org/answer/a-secret"
HEADINGS = ("Ce qu’il faut faire", "Qui doit agir", "Sur quelle règle", "Pour contester")
OUTCOMES: dict[EventType, tuple[str, str | None, list[str], list[str]]] = {
    EventType.REGISTRATION_ACCEPTED: ("accepted", "state", ["R22"], []),
    EventType.REGISTRATION_REFUSED: ("refused", None, ["R4", "R18"], ["contract_not_uploaded", "ccp1_not_obtained"]),
    EventType.REGISTRATION_OVER_QUOTA: ("awaiting_choice", None, ["R25", "R26"], ["module_quota_exceeded"]),
    EventType.REGISTRATION_KEPT_UNFUNDED: ("accepted", "none", ["R25"], []),
    EventType.REGISTRATION_CANCELLED: ("cancelled", None, ["R25"], []),
    EventType.REGISTRATION_FUNDED: ("accepted", "state", ["R22"], []),
    EventType.REGISTRATION_ABSENCE_RECORDED: ("absent_unjustified", "state", ["R22"], []),
}
# Whoever is ever written to of an event.
PROMISED = [
    (event_type, recipient)
    for event_type in EventType
    for recipient in written_to(event_type, employer_acts=True, employer_pays=True)
]


def a_row(event_type: EventType, recipient: Recipient, **others: Any) -> dict[str, Any]:
    status, funding, rules, reasons = OUTCOMES.get(event_type, ("refused", None, ["R6"], []))
    data: dict[str, Any] = {
        "status": status,
        "funding": funding,
        "payer": {"state": "state", "none": "employer"}.get(funding or ""),
        "entitlement": "civil_year:2026" if funding == "state" else None,
        "module_code": "cybersecurite",
        "session_starts_on": "2026-12-15",
        "reasons": reasons,
    }
    if event_type is EventType.CERTIFICATION_RECORDED:
        data = {"qualification": "pix", "outcome": "failed", "on": "2026-06-12"}
    if event_type is EventType.ENTITLEMENT_CARRIED_OVER:
        data = {"bucket": "civil_year:2025", "units": 1, "decided_on": "2026-01-12"}
    if event_type is EventType.CERTIFICATION_DUE:
        exams = [("remn-ccp1", "state"), ("pix", "employer")]
        data = {
            "exams": [{"qualification": code, "next_attempt_payer": payer} for code, payer in exams],
            "due_on": "2026-07-15",
            "stage": "before",
        }
    if event_type is EventType.ENTITLEMENT_EXPIRING:
        data = {"bucket": "first_year", "units": 2, "expires_on": "2026-08-14"}
    return {
        "id": UUID(int=1),
        "type": event_type.value,
        "recipient": recipient.value,
        "decision_id": UUID(int=2),
        "data": orjson.dumps(data | others.pop("data", {})).decode(),
        "occurred_at": datetime(2026, 6, 15, tzinfo=UTC),
        "first_name": "Inès",
        "last_name": "Quéméner",
        "adviser_email": "ines@example.org",
        "module": "Cybersécurité",
        "module_kind": "thematic",
        "organisation": "La Mednum",
        "training_organisation_email": "la-mednum@example.org",
        "employer": "Ville d’exemple",
        "employer_email": "mairie@example.org",
        "legal_form": "public",
        "session_ends_on": date(2026, 12, 16),
        "session_place": "Rennes",
        "positioning_taken_on": date(2026, 6, 1),
        "positioning_hours": 175,
        "rules": rules,
        "reasons": orjson.dumps([{"code": code} for code in reasons]).decode(),
        "qualification": "Certification Pix",
        "next_attempt_payer": "employer",
        "exam_titles": '{"remn-ccp1": "CCP1 REMN", "pix": "Certification Pix"}',
        "support_email": None,
        **others,
    }


def written(event_type: EventType, recipient: Recipient, **others: Any) -> Letter:
    row = a_row(event_type, recipient, **others)
    return letter_of(row, SUPPORT, LINK if decision_to_answer(row) else None)


def visible(html: str) -> str:
    """The words of a page, as they are read."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


every_letter = pytest.mark.parametrize(("event_type", "recipient"), PROMISED, ids=lambda item: item.value)


@every_letter
def test_it_says_all_five_in_both_forms(event_type: EventType, recipient: Recipient) -> None:
    letter = written(event_type, recipient)

    text, page = " ".join(letter.text.split()), visible(letter.html)
    for heading in HEADINGS:
        assert heading.upper() in text
        assert heading in page
    sections = re.split("|".join(heading.upper() for heading in HEADINGS), text)
    assert len(sections) == 5
    assert all(len(section.split()) >= 1 for section in sections)
    assert len(sections[0]) > 60
    assert re.search(r"(Textes?|Règles?) (publiés?|appliquées?)", text)
    assert re.search(r"\bR\d+\b", text)
    assert SUPPORT in text
    assert SUPPORT in page


@every_letter
def test_both_forms_say_the_same(event_type: EventType, recipient: Recipient) -> None:
    letter = written(event_type, recipient)

    def words(text: str) -> list[str]:
        return re.findall(r"[\w’]+", text.lower())

    page = " ".join(words(visible(letter.html)))
    blocks = [block for block in letter.text.split("\n\n") if len(words(block)) > 3 and LINK not in block]
    missing = [block for block in blocks[1:-1] if " ".join(words(block)) not in page]
    assert [block for block in missing if "personnel" not in block and "Répondre" not in block] == []


@every_letter
def test_it_has_a_subject_of_one_line_and_an_address(event_type: EventType, recipient: Recipient) -> None:
    letter = written(event_type, recipient)

    assert 20 < len(letter.subject) < 140
    assert "\n" not in letter.subject
    assert letter.subject in letter.html
    assert letter.address == {"adviser": "ines", "employer": "mairie"}.get(recipient, "la-mednum") + "@example.org"


@every_letter
def test_it_is_french_as_it_should_be_written(event_type: EventType, recipient: Recipient) -> None:
    letter = written(event_type, recipient)

    for text in (letter.subject, letter.text):
        assert not re.search(r"\w'\w", text), "’ is the apostrophe"
        assert not re.search(r"\b(None|True|False|Undefined)\b", text)
        assert not re.search(r"\bde [aeiouéèê]|\s[,.]|\.\.|\(\)", text)
    assert not re.search(r"\n{4,}", letter.text)


@every_letter
def test_a_decision_says_that_it_is_automatic(event_type: EventType, recipient: Recipient) -> None:
    letter = written(event_type, recipient)

    assert ("L. 311-3-1" in letter.text) is ("L. 311-3-1" in letter.html) is (event_type in DECIDED)


@every_letter
def test_it_asks_nothing_of_the_network(event_type: EventType, recipient: Recipient) -> None:
    html = written(event_type, recipient).html

    assert not re.search(r"<(img|script|link|iframe)\b|url\(|@import", html)
    assert 'lang="fr"' in html


def test_every_event_has_its_file() -> None:
    names = {template_of(event_type, recipient) for event_type in EventType for recipient in Recipient}

    assert len(names) == len(EventType)


def test_only_what_asks_for_an_answer_has_a_link() -> None:
    asking = [
        (event_type, recipient) for event_type, recipient in PROMISED if LINK in written(event_type, recipient).text
    ]

    assert asking == [
        (EventType.REGISTRATION_OVER_QUOTA, Recipient.ADVISER),
        (EventType.REGISTRATION_REGULARISABLE, Recipient.ADVISER),
    ]


@pytest.mark.parametrize(
    ("legal_form", "said"), [("private", True), ("public", False), ("undetermined", False), (None, False)]
)
def test_an_opco_is_a_private_employer_s(legal_form: str | None, said: bool) -> None:  # noqa: FBT001  # a parameter
    letter = written(EventType.REGISTRATION_OVER_QUOTA, Recipient.ADVISER, legal_form=legal_form)

    assert ("OPCO" in letter.text) is ("OPCO" in letter.html) is said


@pytest.mark.parametrize("recipient", [Recipient.ADVISER, Recipient.EMPLOYER, Recipient.TRAINING_ORGANISATION])
def test_a_refusal_says_each_reason_and_who_can_lift_it(recipient: Recipient) -> None:
    reasons = orjson.dumps([{"code": reason} for reason in Reason]).decode()
    text = " ".join(written(EventType.REGISTRATION_REFUSED, recipient, reasons=reasons).text.split())

    mine = [reason for reason in Reason if recipient is not Recipient.EMPLOYER or reason.who_acts is Actor.EMPLOYER]
    assert text.count("Qui agit :") == len(mine)
    assert f"pour {len(mine)} motifs" in text


@pytest.mark.parametrize(("stage", "said"), [("before", "À présenter au plus tard le"), ("deadline", "Échéance du")])
def test_a_reminder_names_each_exam_who_pays_it_and_the_last_day(stage: str, said: str) -> None:
    letter = written(EventType.CERTIFICATION_DUE, Recipient.EMPLOYER, data={"stage": stage})

    text = " ".join(letter.text.split())
    assert letter.subject.startswith(f"{said} 15/07/2026")
    assert "CCP1 REMN, pris en charge par l’État" in text
    assert "Certification Pix, à la charge de la structure employeuse" in text


def test_an_exam_that_is_in_the_catalogue_no_more_is_named_by_its_code() -> None:
    letter = written(EventType.CERTIFICATION_DUE, Recipient.ADVISER, exam_titles=None)

    assert "remn-ccp1" in letter.text


@pytest.mark.parametrize(("units", "said"), [(1, "1 module financé à utiliser"), (2, "2 modules financés à utiliser")])
def test_a_warning_says_what_is_left_until_when(units: int, said: str) -> None:
    letter = written(EventType.ENTITLEMENT_EXPIRING, Recipient.ADVISER, data={"units": units})

    assert letter.subject == f"{said} au plus tard le 14/08/2026"


def test_what_somebody_typed_is_no_markup() -> None:
    letter = written(
        EventType.REGISTRATION_ACCEPTED, Recipient.ADVISER, module='<b onclick="x">M</b>', first_name="<i>"
    )

    assert "<b onclick" not in letter.html
    assert "<i>" not in letter.html
    assert "&lt;b onclick" in letter.html
    assert '<b onclick="x">M</b>' in letter.text


def test_no_line_break_gets_into_a_subject() -> None:
    letter = written(EventType.REGISTRATION_ACCEPTED, Recipient.ADVISER, module="M\r\nBcc: other@example.org")

    assert "\n" not in letter.subject


def test_an_event_that_is_forgotten_is_not_told() -> None:
    row = a_row(EventType.REGISTRATION_ACCEPTED, Recipient.ADVISER) | {"data": None}

    with pytest.raises(LostEventError):
        letter_of(row, SUPPORT)


@pytest.mark.parametrize("reason", Reason)
def test_every_rule_of_a_refusal_has_a_published_text(reason: Reason) -> None:
    assert articles_of([reason.rule])


def test_what_no_article_says_the_site_does() -> None:
    assert articles_of(["R29"]) == [SITE]
    assert SITE in articles_of(["R1", "R33"])
    assert SITE not in articles_of(["R1", "R22"])
