"""What the page of a support link says: each fact as its template shows it, in French."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from app.api.http.application_state import ApplicationState
from app.api.pages.seat_words import seat_sentence
from app.domain.decisions.admission import Outcome
from app.domain.decisions.refusals import Refusal
from app.domain.events import Recipient
from app.domain.facts.calendar import civil_date
from app.domain.facts.certification import CertificationOutcome, NextAttemptPayer
from app.domain.facts.registration_terms import Funding, Status, Unit, bucket_of
from app.domain.facts.support_request import Requester, SupportEffect, SupportRequestKind, SupportRequestStatus
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.recorded_sessions import recorded_session
from app.use_cases.registrations.support_links import SupportSubject, support_link
from app.use_cases.support.support_page_contents import Matter, SupportPage
from app.wording.dates import format_day, format_period
from app.wording.decision_summaries import STATUS_LABELS, decision_summary
from app.wording.emails.email_labels import ACTOR_LABELS, EXAM_RESULT_LABELS
from app.wording.refusal_labels import refusal_label
from app.wording.refusal_remedies import how_to_fix
from app.wording.support_labels import SUPPORT_STATUS_LABELS, period_label

REFUSALS_ADAPTER: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])

REGISTRATION_HEADINGS = {
    Status.ACCEPTED: "Votre inscription est acceptée",
    Status.REFUSED: "Votre inscription est refusée",
    Status.AWAITING_CHOICE: "Votre inscription attend votre choix",
    Status.CANCELLED: "Votre inscription est annulée",
    Status.COMPLETED: "Vous avez suivi cette formation",
    Status.ABSENT_JUSTIFIED: "Votre absence est justifiée",
    Status.ABSENT_UNJUSTIFIED: "Votre absence n’est pas justifiée",
}
OUTCOME_HEADINGS = {
    CertificationOutcome.OBTAINED: "Votre examen est obtenu",
    CertificationOutcome.FAILED: "Votre examen n’est pas obtenu",
    CertificationOutcome.ABSENT_JUSTIFIED: "Votre absence à l’examen est justifiée",
    CertificationOutcome.ABSENT_UNJUSTIFIED: "Votre absence à l’examen n’est pas justifiée",
}
ANNULLED_HEADING = "Ce résultat d’examen est annulé"
WHOLE_FILE_HEADING = "Votre dossier de formation"
NEXT_ATTEMPT_LABELS = {
    NextAttemptPayer.STATE: "L’État paie une nouvelle présentation.",
    NextAttemptPayer.EMPLOYER: "Une nouvelle présentation est possible, à la charge de votre structure employeuse.",
}
EFFECT_LABELS = {
    SupportEffect.DEROGATION: "Une dérogation vous est accordée : l’inscription est acceptée.",
    SupportEffect.CARRY_OVER: "Votre droit est reporté sur l’année suivante.",
    SupportEffect.ATTENDANCE: "L’assiduité enregistrée est rectifiée.",
    SupportEffect.ANNULMENT: "Le résultat d’examen est annulé.",
}
REQUESTER_LABELS = {
    Requester.ADVISER: "par vous",
    Requester.PLATFORM: "pour vous, par La Coop de la médiation numérique",
    Requester.TRAINING_ORGANISATION: "pour vous, par votre organisme de formation",
    Requester.ADMIN: "pour vous, par le support du dispositif",
}
BADGES = {
    SupportRequestStatus.OPEN: "info",
    SupportRequestStatus.GRANTED: "success",
    SupportRequestStatus.REJECTED: "error",
    SupportRequestStatus.WITHDRAWN: "new",
}


def page_heading(page: SupportPage) -> str:
    match page.subject:
        case SupportSubject.REGISTRATION:
            return REGISTRATION_HEADINGS[Status(page.row["status"])]
        case SupportSubject.CERTIFICATION:
            outcome = CertificationOutcome(page.row["outcome"])
            return OUTCOME_HEADINGS[outcome] if page.row["annulled_on"] is None else ANNULLED_HEADING
        case SupportSubject.ADVISER:  # pragma: no branch  # the last one
            return WHOLE_FILE_HEADING


def subject_facts(page: SupportPage) -> list[tuple[str, str]]:
    """The subject as terms and what they are; nothing of the whole file, which is listed."""
    row = page.row
    match page.subject:
        case SupportSubject.REGISTRATION:
            place = f", {row['session_place']}" if row["session_place"] else ""
            session = ("Session", f"{session_days(row)}{place}")
            seat = seat_sentence(Status(row["status"]), recorded_session(row))
            known = [("Place", seat)] if seat else []
            return [("Formation", row["module"]), session, *known, ("Organisme de formation", row["organisation"])]
        case SupportSubject.CERTIFICATION:
            result = ("Résultat", EXAM_RESULT_LABELS[CertificationOutcome(row["outcome"])])
            known = [("Organisme de formation", row["organisation"])] if row["organisation"] else []
            return [("Examen", row["qualification"]), ("Date", format_day(row["on"]).fr), result, *known]
        case SupportSubject.ADVISER:  # pragma: no branch  # the last one
            return []


def session_days(row: Row) -> str:
    first, last = row["session_starts_on"], row["session_ends_on"]
    return f"le {format_day(first).fr}" if first == last else format_period(first, last)


def decision_shown(row: Row) -> Mapping[str, Any]:
    """The latest decision of a registration: in a sentence, when, by whom, and each reason with how it is put right."""
    outcome, funding = Outcome(row["outcome"]), Funding(row["funding"]) if row["funding"] else None
    refusals = REFUSALS_ADAPTER.validate_json(row["reasons"]) if outcome is not Outcome.ACCEPTED else ()
    right = bucket_of(Unit(row["unit"])) if row["unit"] else None
    return {
        "summary": decision_summary(outcome, funding, right, len(refusals)).fr,
        "decided_on": format_day(civil_date(row["decided_at"])).fr,
        "is_automatic": row["automatic"],
        "reasons": [_reason_shown(refusal) for refusal in refusals],
    }


def _reason_shown(refusal: Refusal) -> Mapping[str, str | None]:
    actor = ACTOR_LABELS[Recipient.ADVISER].get(refusal.code.who_acts)
    return {"label": refusal_label(refusal).fr, "how_to_fix": how_to_fix(refusal).fr, "actor": actor}


def matter_label(matter: Matter, page: SupportPage) -> str:
    """As the adviser would say it."""
    if matter.kind is SupportRequestKind.CONTESTATION:
        return "Je conteste une décision, ou un droit" if page.subject is SupportSubject.ADVISER else "Je conteste"
    if matter.is_exams:
        return "Je justifie de n’avoir pas présenté un examen (CCP1, Pix)"
    if matter.period == "initial_training":
        return "Je justifie de n’avoir pas commencé la formation initiale"
    return (
        f"Je justifie de n’avoir pas suivi {period_label(matter.period).fr}"
        if matter.period
        else "Je justifie mon absence"
    )


def request_shown(row: Row, page: SupportPage) -> Mapping[str, Any]:
    """A support request, what became of it, and whether the adviser may withdraw it."""
    status, kind = SupportRequestStatus(row["status"]), SupportRequestKind(row["kind"])
    is_open, opened_on = status is SupportRequestStatus.OPEN, format_day(civil_date(row["created_at"])).fr
    noun = "Contestation" if kind is SupportRequestKind.CONTESTATION else "Justification"
    return {
        "id": row["id"],
        "title": f"{noun} du {opened_on}",
        "status": SUPPORT_STATUS_LABELS[status].fr,
        "badge": BADGES[status],
        "about": _about(row, page),
        "opened_by": REQUESTER_LABELS[Requester(row["opened_by"])],
        "answer_due_on": format_day(row["answer_due_on"]).fr if is_open else None,
        "answered_on": format_day(civil_date(row["answered_at"])).fr if row["answered_at"] else None,
        "motive": row["answer_motive"],
        "effect": EFFECT_LABELS[SupportEffect(row["effect"])] if row["effect"] else None,
        "is_withdrawable": is_open and row["opened_by"] == Requester.ADVISER,
    }


def _about(row: Row, page: SupportPage) -> str | None:
    """What it is about, when the page does not say so already."""
    if row["period"]:
        return period_label(row["period"]).fr
    registrations = {item["id"]: f"{item['module']}, {session_days(item)}" for item in page.registrations}
    certifications = {
        item["id"]: f"{item['qualification']}, {format_day(item['on']).fr}" for item in page.certifications
    }
    return registrations.get(row["registration_id"]) or certifications.get(row["certification_id"])


def links_shown(page: SupportPage, service: ApplicationState) -> Sequence[Mapping[str, str]]:
    """The pages of the adviser's registrations and results, each with a link of its own."""

    def link(subject: SupportSubject, row: Row) -> str:
        return support_link("", service.secrets, subject, row["id"])

    registrations = [
        {
            "link": link(SupportSubject.REGISTRATION, row),
            "name": f"{row['module']}, {session_days(row)}",
            "state": STATUS_LABELS[Status(row["status"])].fr,
        }
        for row in page.registrations
    ]
    return registrations + [
        {
            "link": link(SupportSubject.CERTIFICATION, row),
            "name": f"{row['qualification']}, examen du {format_day(row['on']).fr}",
            "state": "annulé" if row["annulled_on"] else EXAM_RESULT_LABELS[CertificationOutcome(row["outcome"])],
        }
        for row in page.certifications
    ]
