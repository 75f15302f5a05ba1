"""What the page of a support link shows: its subject, what became of each request, and what may still be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, assert_never
from uuid import UUID

from app.domain.facts.calendar import civil_date, months_after
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Status
from app.domain.facts.support_request import Requester, SupportRequestKind, SupportRequestStatus, answer_due_on
from app.domain.record.exam_presentations import PresentationStatus
from app.domain.record.obligations import ObligationStatus
from app.persistence import support_requests
from app.persistence.administration.policies import read_policies
from app.persistence.advisers import support_subjects
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.advisers.show_training_record import show_training_record
from app.use_cases.registrations.answer_personal_link import PERSONAL_LINK_CLIENT
from app.use_cases.registrations.support_links import SupportSubject
from app.use_cases.request_context import RequestContext

# A decision may be contested, and an absence justified, long after; a link that was forwarded is not good for ever.
LINK_MONTHS = 12
OWED = frozenset({ObligationStatus.DUE, ObligationStatus.LATE})


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that the adviser may ask. A `period` is the one whose modules, or initial training, are justified;
    `is_exams`: exams not presented are."""

    kind: SupportRequestKind
    period: str | None = None
    is_exams: bool = False

    @property
    def key(self) -> str:
        """Its name in the form."""
        about = self.period or ("exams" if self.is_exams else None)
        return f"{self.kind}:{about}" if about else self.kind.value


@dataclass(frozen=True, slots=True)
class SupportPage:
    """`row` is the subject's; `last_day` the last on which the link is good. `registrations` and `certifications` are
    those of the adviser, when the link is about their whole file. `answer_due_on` is the day by which a request made
    today is answered."""

    subject: SupportSubject
    row: Row
    last_day: date
    is_expired: bool
    requests: Sequence[Row]
    matters: tuple[Matter, ...]
    answer_due_on: date
    registrations: Sequence[Row] = ()
    certifications: Sequence[Row] = ()

    @property
    def adviser(self) -> UUID:
        return UUID(str(self.row["adviser_id"]))

    def matter(self, key: str | None) -> Matter | None:
        """The matter of this name, None when it may not be asked, or no longer."""
        return next((matter for matter in self.matters if matter.key == key), None)


async def support_page_of(
    database: Database, subject: SupportSubject, subject_id: UUID, now: datetime
) -> SupportPage | None:
    """None when the subject is unknown, or its adviser was anonymised.

    The link is good for twelve months after the last thing known of its subject: the last day of a session, the day of
    a result, or the last change of either; of an adviser, whatever was last recorded about them.
    """
    row = await _read_subject(database, subject, subject_id)
    if row is None or not row["is_known"]:
        return None
    today, last_day = civil_date(now), months_after(row["news_on"], LINK_MONTHS)
    requests, listed = await _list_requests(database, subject, row), dict[str, Sequence[Row]]()
    if subject is SupportSubject.ADVISER:
        listed["registrations"] = await support_subjects.list_registrations(database, row["id"])
        listed["certifications"] = await support_subjects.list_certifications(database, row["id"])
    open_ones = {_matter_of(request) for request in requests if _is_open_of_adviser(request, subject)}
    matters = [each for each in await _matters(database, subject, row, now) if _asked_as(each) not in open_ones]
    due_on = answer_due_on(today, await read_policies(database))
    return SupportPage(subject, row, last_day, today > last_day, requests, tuple(matters), due_on, **listed)


async def _read_subject(database: Database, subject: SupportSubject, subject_id: UUID) -> Row | None:
    match subject:
        case SupportSubject.REGISTRATION:
            return await support_subjects.read_registration(database, subject_id)
        case SupportSubject.CERTIFICATION:
            return await support_subjects.read_certification(database, subject_id)
        case SupportSubject.ADVISER:
            return await support_subjects.read_adviser(database, subject_id)
        case _:
            assert_never(subject)


async def _list_requests(database: Database, subject: SupportSubject, row: Row) -> list[Row]:
    registration = row["id"] if subject is SupportSubject.REGISTRATION else None
    certification = row["id"] if subject is SupportSubject.CERTIFICATION else None
    return await support_requests.list_newest(
        database, row["adviser_id"], registration=registration, certification=certification
    )


def _is_open_of_adviser(request: Row, subject: SupportSubject) -> bool:
    """Whether the adviser waits for its answer, and asked it of this subject."""
    of_whole_file = request["registration_id"] is None and request["certification_id"] is None
    is_open = request["status"] == SupportRequestStatus.OPEN and request["opened_by"] == Requester.ADVISER
    return is_open and (subject is not SupportSubject.ADVISER or of_whole_file)


def _matter_of(request: Row) -> tuple[str, str | None]:
    return request["kind"], request["period"]


def _asked_as(matter: Matter) -> tuple[str, str | None]:
    return matter.kind, matter.period


async def _matters(database: Database, subject: SupportSubject, row: Row, now: datetime) -> list[Matter]:
    """An absence is justified first of all; whatever was decided can be contested."""
    contest, justify = (Matter(kind) for kind in SupportRequestKind)
    match subject:
        case SupportSubject.REGISTRATION:
            return [justify, contest] if row["status"] == Status.ABSENT_UNJUSTIFIED else [contest]
        case SupportSubject.CERTIFICATION:
            missed = row["outcome"] == CertificationOutcome.ABSENT_UNJUSTIFIED and row["annulled_on"] is None
            return [justify, contest] if missed else [contest]
        case SupportSubject.ADVISER:
            return [*await _unmet(database, row["id"], now), contest]
        case _:
            assert_never(subject)


async def _unmet(database: Database, adviser: UUID, now: datetime) -> list[Matter]:
    """What the adviser owes and can justify not to have done."""
    context = RequestContext(PERSONAL_LINK_CLIENT, now, no_response)
    record, _ = await show_training_record(database, adviser, on=None, history=False, context=context)
    owed = [item.period for item in record.obligations if item.status in OWED]
    exams = any(item.status is not PresentationStatus.MET for item in record.presentations)
    justify = SupportRequestKind.JUSTIFICATION
    return [Matter(justify, period) for period in owed] + ([Matter(justify, is_exams=True)] if exams else [])


def no_response(_: Any) -> ReplayableResponse:
    """A page is no response of the API: it is made anew from what is stored."""
    return ReplayableResponse(303, b"", {})
