"""Every e-mail of section 9, in each of the situations that change its text."""

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from app.domain.decisions.refusals import Actor, Reason
from app.domain.event_recipients import email_recipients
from app.domain.events import EventType, Recipient
from app.domain.facts.registration_terms import Chooser
from app.wording.emails.email_labels import ATTENDANCE_LABELS
from app.wording.emails.emails import PersonalLinks, RenderedEmail, decision_to_answer, render_email
from tests.outbox.emails.session_cases import SESSION_SITUATIONS, SUMMARIES, is_summed_up, session_row

HEADINGS = ("Ce qu’il faut faire", "Qui doit agir", "Sur quelle règle", "Pour contester")
SUPPORT = "support@example.org"
BASE_URL = "https://inscriptions.example.org"
LINK = f"{BASE_URL}/answer/a-secret"
SUPPORT_PAGE = f"{BASE_URL}/support/another-secret"

# status, funding, rules and reasons, as they are told unless a situation says otherwise
TYPICAL_DATA: dict[EventType, tuple[str, str | None, list[str], list[str]]] = {
    EventType.REGISTRATION_ACCEPTED: ("accepted", "state", ["R22"], []),
    EventType.REGISTRATION_REFUSED: ("refused", None, ["R4", "R32"], ["contract_not_uploaded", "ccp1_not_obtained"]),
    EventType.REGISTRATION_OVER_QUOTA: ("awaiting_choice", None, ["R25", "R26"], ["module_quota_exceeded"]),
    EventType.REGISTRATION_KEPT_UNFUNDED: ("accepted", "none", ["R25", "R26"], []),
    EventType.REGISTRATION_CANCELLED: ("cancelled", None, ["R22"], []),
    EventType.REGISTRATION_FUNDED: ("accepted", "state", ["R22"], []),
    EventType.REGISTRATION_REGULARISABLE: ("refused", None, ["R4"], ["contract_not_uploaded"]),
    EventType.REGISTRATION_REGULARISATION_NOTIFIED: ("accepted", "state", ["R22"], []),
    EventType.REGISTRATION_RESCHEDULED: ("accepted", "state", ["R22"], []),
    EventType.REGISTRATION_COMPLETED: ("completed", "state", ["R22"], []),
    EventType.REGISTRATION_ABSENCE_RECORDED: ("absent_unjustified", "state", ["R22"], []),
    EventType.REGISTRATION_ATTENDANCE_CORRECTED: ("completed", "state", ["R22"], []),
    EventType.REGISTRATION_CHOICE_REMINDED: ("awaiting_choice", None, ["R25", "R26"], ["module_quota_exceeded"]),
    EventType.REGISTRATION_DEROGATED: ("accepted", "state", ["R22"], []),
    EventType.REGISTRATION_PATH_DETERMINED: ("accepted", "state", ["R10", "R11"], []),
    EventType.REGISTRATION_SEAT_GIVEN: ("accepted", "state", ["R22"], []),
    EventType.SESSION_CONFIRMED: ("accepted", "state", ["R22"], []),
    EventType.SESSION_CANCELLED: ("cancelled", None, ["R22"], []),
    EventType.SESSION_MOVED: ("accepted", "state", ["R22"], []),
}
ALL_REASONS = {"reasons": orjson.dumps([{"code": reason} for reason in Reason]).decode()}
PAST = {"data": {"recorded_after_the_fact": True}}
CAUSES = (
    "re_examination", "rescheduled", "file_changed", "initial_training_changed", "exemption_changed", "scheme_changed",
    "department_changed",
)  # fmt: skip
AGAIN = {cause: {"cause": cause} for cause in CAUSES}
REFUSED_DAYS: dict[str, Any] = {
    "data": {"status": "refused", "funding": None, "payer": None, "entitlement": None},
    "rules": ["R1"],
    "reasons": '[{"code": "not_in_post", "detail": "contract_ended", "day": "2026-03-01"}]',
}
UNFUNDED = {"funding": "none", "payer": "employer", "entitlement": None}
ABSENCES = [{"on": "2026-12-15", "justified": True}, {"on": "2026-12-16", "justified": False}]


def _corrected(former: str, status: str, **data: Any) -> dict[str, Any]:
    holds = status != "absent_justified"
    funding = {"funding": "state", "payer": "state", "entitlement": "civil_year:2026"} if holds else {}
    gone = {"funding": None, "payer": None, "entitlement": None}
    return {"data": gone | funding | {"former_status": former, "status": status} | data}


SITUATIONS: dict[EventType, dict[str, dict[str, Any]]] = {
    EventType.ADVISER_RETURNED: {
        "perhaps": {"data": {"recognised_by": "email"}},
        "nothing was used": {"data": {"entitlements": [], "initial_training_entered_on": None}},
    },
    EventType.REGISTRATION_ACCEPTED: {
        "in their own year": {"data": {"entitlement": "first_year"}},
        "carried over": {"data": {"entitlement": "carry_over:civil_year:2025"}},
        "initial training": {"data": {"entitlement": None}, "module_kind": "initial_training", "rules": ["R10", "R11"]},
        "full title": {"data": {"entitlement": None}, "module_kind": "full_title", "rules": ["R32", "R33"]},
        "outside the scheme": {"data": {"funding": "none", "payer": None, "entitlement": None}, "rules": ["R29"]},
        "kept": {"data": {"funding": "none", "payer": "self", "entitlement": None}, "rules": ["R25", "R26"]},
        "no employer address": {"employer_email": None},
        "after the fact": PAST,
        **AGAIN,
        "without a place": {"session_place": None},
        "by a person": {"automatic": False},
    },
    EventType.REGISTRATION_REFUSED: {
        "one reason": {"reasons": '[{"code": "contract_not_uploaded"}]', "rules": ["R4"]},
        "one that nobody can lift": {"reasons": '[{"code": "module_no_longer_available"}]', "rules": ["R35"]},
        "no agreement": {"reasons": '[{"code": "employer_agreement_missing"}]', "rules": ["R33"]},
        "contract ended": {
            "reasons": '[{"code": "not_in_post", "detail": "contract_ended", "day": "2026-03-01"}]',
            "rules": ["R1"],
        },
        "every reason": ALL_REASONS,
        "over": {"occurred_on": date(2026, 12, 17)},
        "after the fact": PAST,
        "no employer address": {"employer_email": None},
        "no adviser address": {"adviser_email": None},
        "no contract": {"employer": None, "employer_email": None, "legal_form": None, "ds_file_number": None},
        **AGAIN,
    },
    EventType.REGISTRATION_OVER_QUOTA: {
        "private": {"legal_form": "private"},
        "ten days": {"reply_days": 10},
        "begun": {"occurred_on": date(2026, 12, 16)},
        "after the fact": PAST,
        "no adviser address": {"adviser_email": None},
        "file changed": {"cause": "file_changed"},
    },
    EventType.REGISTRATION_CHOICE_REMINDED: {
        "private": {"legal_form": "private"},
        "ten days": {"reply_days": 10, "decided_on": date(2026, 6, 8)},
    },
    EventType.REGISTRATION_KEPT_UNFUNDED: {
        "by an OPCO": {"data": {"payer": "opco"}, "legal_form": "private"},
        "by the adviser": {"data": {"payer": "self"}},
        "after the fact": PAST,
        **{f"chosen by {chooser}": {"data": {"chosen_by": chooser}} for chooser in Chooser},
    },
    EventType.REGISTRATION_CANCELLED: {
        "funded": {"unit": "civil_year:2026#1"},
        "over quota": {"outcome": "over_quota"},
        "initial training": {"module_kind": "initial_training"},
        "after the fact": PAST,
        **{f"by {chooser}": {"data": {"chosen_by": chooser}} for chooser in Chooser},
        **{f"chosen by {chooser}": {"data": {"chosen_by": chooser}, "outcome": "over_quota"} for chooser in Chooser},
    },
    EventType.REGISTRATION_FUNDED: {"without a place": {"session_place": None}},
    EventType.REGISTRATION_REGULARISATION_NOTIFIED: {
        status: {"data": {"status": status}} for status in ("accepted", "refused", "awaiting_choice")
    },
    EventType.REGISTRATION_REGULARISABLE: {"over": {"occurred_on": date(2026, 12, 17)}},
    EventType.REGISTRATION_RESCHEDULED: {
        "refused": REFUSED_DAYS,
        "refused, and the employer can do nothing": REFUSED_DAYS
        | {"reasons": '[{"code": "ccp1_not_obtained"}]', "rules": ["R32"]},
        "over quota": {
            "data": {"status": "awaiting_choice", "funding": None, "payer": None, "entitlement": None},
            "rules": ["R25", "R26"],
        },
        "kept": {"data": {"funding": "none", "payer": "self", "entitlement": None}, "rules": ["R25", "R26"]},
        "one day": {"session_ends_on": date(2026, 12, 15)},
        "no employer address": {"employer_email": None},
        "after the fact": PAST,
    },
    EventType.REGISTRATION_COMPLETED: {
        "initial training": {"module_kind": "initial_training"},
        "full title": {"module_kind": "full_title"},
        "a day missed": {"data": {"absences": ABSENCES[1:]}},
        "days missed": {"data": {"absences": ABSENCES}},
        "days justified": {"data": {"absences": ABSENCES[:1]}},
    },
    EventType.REGISTRATION_ABSENCE_RECORDED: {
        "justified": {"data": {"status": "absent_justified", "funding": None, "payer": None, "entitlement": None}},
        "kept": {"data": UNFUNDED, "unit": None},
        "initial training": {"data": {"entitlement": None}, "unit": None, "module_kind": "initial_training"},
        "after the fact": PAST,
    },
    EventType.REGISTRATION_ATTENDANCE_CORRECTED: {
        **{
            f"{former}, then {status}": _corrected(former, status)
            for former in ATTENDANCE_LABELS
            for status in ATTENDANCE_LABELS
            if former != status
        },
        "other days": _corrected("completed", "completed", absences=ABSENCES),
        "no right concerned": _corrected("absent_unjustified", "completed") | {"unit": None, "data": UNFUNDED},
    },
    EventType.REGISTRATION_DEROGATED: {
        "unfunded": {"data": UNFUNDED},
        "by an OPCO": {"data": UNFUNDED | {"payer": "opco"}},
        "at their own expense": {"data": UNFUNDED | {"payer": "self"}},
        "one reason": {"data": {"waived": ["module_quota_exceeded"]}},
        "initial training": {
            "module_kind": "initial_training",
            "data": {"waived": ["initial_training_already_funded"]},
        },
        "after the fact": PAST,
    },
    EventType.SUPPORT_REQUEST_OPENED: {
        "a justification": {"data": {"kind": "justification"}},
        "about no registration": {
            "module": None,
            "module_kind": None,
            "session_starts_on": None,
            "session_ends_on": None,
            "registration_id": None,
            "qualification": None,
        },
        "about a result": {"module": None, "module_kind": None, "session_starts_on": None, "session_ends_on": None},
        "without a deadline": {"answer_days": None},
    },
    EventType.SUPPORT_REQUEST_ANSWERED: {
        "rejected": {"data": {"status": "rejected"}},
        "a justification": {"data": {"kind": "justification"}},
    },
    EventType.REGISTRATION_PATH_DETERMINED: {"undated": {"positioning_taken_on": None}},
    EventType.CERTIFICATION_RECORDED: {
        "obtained": {"data": {"outcome": "obtained"}, "next_attempt_payer": None},
        "justified": {"data": {"outcome": "absent_justified"}, "next_attempt_payer": "state"},
        "unjustified": {"data": {"outcome": "absent_unjustified"}},
    },
    EventType.CERTIFICATION_ANNULLED: {"no organisation": {"organisation": None, "training_organisation_email": None}},
    EventType.ENTITLEMENT_CARRIED_OVER: {
        "two units": {"data": {"bucket": "first_year", "units": 2}},
        "with its days": {"data": {"bucket": "first_year", "valid_from": "2026-08-15", "valid_until": "2027-12-31"}},
    },
    EventType.CERTIFICATION_DUE: {
        "at the deadline": {"data": {"stage": "deadline"}},
        "one exam": {"data": {"exams": [{"qualification": "pix", "next_attempt_payer": "state"}]}},
    },
    EventType.ENTITLEMENT_EXPIRING: {
        "a year's": {"data": {"bucket": "civil_year:2026", "units": 1, "expires_on": "2026-12-31", "rule": "R22"}},
        "carried over": {"data": {"bucket": "carry_over:civil_year:2025", "units": 1, "rule": "R27"}},
    },
    EventType.INITIAL_TRAINING_OWED: {
        "without a deadline": {"data": {"due_on": None}},
        "after it": {"data": {"is_late": True}},
    },
}
for told, of_session in SESSION_SITUATIONS.items():
    SITUATIONS[told] = SITUATIONS.get(told, {}) | of_session
# Whoever is ever written to of an event.
PROMISED_EMAILS = [
    *(
        (event_type, recipient)
        for event_type in EventType
        for recipient in email_recipients(
            event_type, employer_acts=True, employer_pays=True, state_pays=True, days_missed=True
        )
    ),
    *((event_type, Recipient.TRAINING_ORGANISATION) for event_type in SUMMARIES),
]
COMMON_SITUATIONS: dict[str, dict[str, Any]] = {
    "as usual": {},
    "nobody known": {"first_name": None, "last_name": None, "organisation": None},
}


def a_row(event_type: EventType, recipient: Recipient, **others: Any) -> dict[str, Any]:
    """A row of `read_email_context`: a thematic module paid by the State, a public employer, a session in Rennes."""
    data: dict[str, Any] = {}
    if event_type in TYPICAL_DATA:
        status, funding, rules, reasons = TYPICAL_DATA[event_type]
        data = {
            "status": status,
            "funding": funding,
            "payer": {"state": "state", "none": "employer"}.get(funding or ""),
            "entitlement": "civil_year:2026" if funding == "state" else None,
            "module_code": "cybersecurite",
            "session_starts_on": "2026-12-15",
        }
    else:
        funding, rules, reasons = None, [], []
    if event_type is EventType.REGISTRATION_ATTENDANCE_CORRECTED:
        data["former_status"] = "absent_unjustified"
    if event_type is EventType.REGISTRATION_DEROGATED:
        data |= {"entitlement": "derogation", "waived": ["contract_not_uploaded", "ccp1_not_obtained"]}
    if event_type in {EventType.SUPPORT_REQUEST_OPENED, EventType.SUPPORT_REQUEST_ANSWERED}:
        data = {"kind": "contestation", "status": "open", "registration_id": str(UUID(int=3))}
    if event_type is EventType.SUPPORT_REQUEST_ANSWERED:
        data["status"] = "granted"
    if event_type in {EventType.CERTIFICATION_RECORDED, EventType.CERTIFICATION_ANNULLED}:
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
        data = {"bucket": "first_year", "units": 2, "expires_on": "2026-08-14", "rule": "R20"}
    if event_type is EventType.INITIAL_TRAINING_OWED:
        data = {"since": "2026-01-05", "due_on": "2026-07-05", "is_late": False}
    if event_type is EventType.ADVISER_RETURNED:
        data = {
            "recognised_by": "conum_id",
            "anonymised_on": "2025-11-03",
            "entitlements": ["civil_year:2025", "first_year", "first_year", "supplementary:cafe-ia"],
            "initial_training_entered_on": "2023-02-06",
        }
    decided = event_type in TYPICAL_DATA or event_type.startswith("support_request.")
    is_summary = event_type in SUMMARIES and recipient is Recipient.TRAINING_ORGANISATION
    if is_summary:
        data = {"module_code": "cybersecurite", "session_starts_on": "2026-12-15", "session_ends_on": "2026-12-16"}
    of_session = session_row(event_type, recipient)
    data |= of_session.pop("data", {})
    row = {
        "id": UUID(int=1),
        "type": event_type.value,
        "recipient": recipient.value,
        "adviser_id": UUID(int=4),
        "registration_id": UUID(int=3) if decided and not is_summary else None,
        "decision_id": UUID(int=2) if decided and not is_summary else None,
        "subject_type": "session" if is_summary else "registration",
        "subject_version": 4,
        "created_at": datetime(2026, 6, 15, 8, 30, tzinfo=UTC),
        "published": None,
        "data": orjson.dumps(data | others.get("data", {})).decode(),
        "occurred_on": date(2026, 6, 15),
        "first_name": "Inès",
        "last_name": "Quéméner",
        "adviser_email": "ines@example.org",
        "module": "Cybersécurité" if decided else None,
        "module_kind": "thematic" if decided else None,
        "organisation": "La Mednum",
        "training_organisation_email": "la-mednum@example.org",
        "employer": "Ville d’exemple",
        "employer_email": "mairie@example.org",
        "ds_file_number": "12345678",
        "legal_form": "public",
        "session_starts_on": date(2026, 12, 15) if decided else None,
        "session_ends_on": date(2026, 12, 16) if decided else None,
        "session_place": "Rennes" if decided else None,
        "positioning_taken_on": date(2026, 6, 1),
        "positioning_hours": 175,
        "cause": "request" if decided else None,
        "decided_on": None,
        "outcome": "over_quota" if "R25" in rules else "accepted",
        "unit": "civil_year:2026#1" if funding == "state" else None,
        "decided_funding": "state" if "R22" in rules else None,
        "automatic": True if decided and not is_summary else None,
        "rules": rules,
        "reasons": orjson.dumps([{"code": code} for code in reasons]).decode(),
        "qualification": "Certification Pix",
        "next_attempt_payer": "employer",
        "exam_titles": '{"remn-ccp1": "CCP1 REMN", "pix": "Certification Pix"}',
        "support_email": None,
        "reply_days": None,
        "answer_days": 60,
        "certification_id": None,
        "warning": None,
    }
    if event_type is EventType.SESSION_CANCELLED and not is_summary:
        row["unit"] = "civil_year:2026#1"
    return row | of_session | {name: value for name, value in others.items() if name != "data"}


def email_for(event_type: EventType, recipient: Recipient, **others: Any) -> RenderedEmail:
    row = a_row(event_type, recipient, **others)
    to_adviser = recipient is Recipient.ADVISER
    links = PersonalLinks(LINK if decision_to_answer(row) else None, SUPPORT_PAGE if to_adviser else None)
    return render_email(row, SUPPORT, BASE_URL, links)


def recipients_of(row: dict[str, Any]) -> tuple[Recipient, ...]:
    """Who is written to in the situation of this row. What was cancelled or moved may have been paid by anybody."""
    event_type, data = EventType(row["type"]), orjson.loads(row["data"])
    if event_type in SUMMARIES and is_summed_up(row):
        return (Recipient.TRAINING_ORGANISATION,)
    was_anybody_s = event_type in {
        EventType.REGISTRATION_CANCELLED,
        EventType.REGISTRATION_RESCHEDULED,
        EventType.SESSION_CANCELLED,
        EventType.SESSION_MOVED,
    }
    return email_recipients(
        event_type,
        employer_acts=event_type.startswith("support_request.") or EMPLOYER_ACTS.search(row["reasons"]) is not None,
        employer_pays=was_anybody_s or data.get("payer") in {"employer", "opco"},
        state_pays=was_anybody_s or data.get("funding") == "state",
        days_missed=bool(data.get("absences")),
    )


EMPLOYER_ACTS = re.compile("|".join(reason for reason in Reason if reason.who_acts is Actor.EMPLOYER))


@cache
def emails_in_each_situation(
    event_type: EventType, recipient: Recipient
) -> tuple[tuple[dict[str, Any], RenderedEmail], ...]:
    """In each situation in which it is written: what that changes, and the e-mail."""
    situations = {**COMMON_SITUATIONS, **SITUATIONS.get(event_type, {})}
    return tuple(
        (changed, email_for(event_type, recipient, **changed))
        for changed in situations.values()
        if recipient in recipients_of(a_row(event_type, recipient, **changed))
    )


def visible_text(html: str) -> str:
    """The text of a page, as it is read."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"</?a\b[^>]*>", "", body)).replace("&nbsp;", " ").split())


def plain_text(letter: RenderedEmail) -> str:
    return " ".join(letter.text.split())


def check_french(letter: RenderedEmail) -> None:
    """Check apostrophes, spaces, elisions and dates, and that no code is shown."""
    for text in (letter.subject, letter.text.partition("\n-- ")[0], visible_text(letter.html)):
        assert not re.search(r"\w'\w", text), "’ is the apostrophe"
        assert not re.search(r"\b(None|True|False|Undefined)\b|[{}]", text)
        assert not re.search(r"\b(de|que|se|ne) [aeiouéèêîI]|\s[,.](?!\w)|,,|\.\.|\(\)| - ", text.replace("\n- ", "\n"))
        meant = re.sub(r"https?://\S+|[0-9a-f]{8}-[0-9a-f-]{27}", "", text)
        assert not re.search(r"\d{4}-\d\d-\d\d|\d\d/\d\d|[a-z]+_[a-z]+|\bR\d", meant), (
            "a code, or a day as a computer's"
        )
    for text in (letter.subject, letter.text):
        assert not re.search(r"[^\u00a0][;:?!»](?!//)", re.sub(r"https?:\S+", "", text))
        assert not re.search(r"«[^\u00a0]", text)
    assert not re.search(r"\n{3,}", letter.text)
    assert max(len(line) for line in letter.text.splitlines() if "://" not in line) <= 80
