"""The rows of a timeline: each fact of the training record with its words, and its place on the axis."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from app.api.advisers.timeline.drawing_axis import TimeAxis
from app.domain.facts.contract import Contract
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Status
from app.domain.record.exam_presentations import Presentation, PresentationStatus
from app.domain.record.obligations import Obligation
from app.domain.record.training_record import Entitlement, TrainingRecord
from app.domain.rights.buckets import DEROGATION
from app.persistence.registrations.recorded_sessions import RecordedSession
from app.wording import timeline_labels as words
from app.wording.dates import format_numeric_day


@dataclass(frozen=True, slots=True)
class CatalogueTitles:
    """The titles of the catalogue, by code."""

    modules: Mapping[str, str]
    qualifications: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Band:
    """A bar from `left` to `right`, cut in `lanes` of which `filled` are used; `over` once it is past.

    `kind` says how it is drawn: `post`, `right` or `due`; `endless` draws an arrow.
    """

    kind: str
    left: float
    right: float
    lanes: int = 1
    filled: int = 0
    over: bool = False
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A shape at `x`, with a line to `until` for what lasts longer than a day."""

    shape: str
    x: float
    until: float


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """`name` is the identifier or code of what the row shows; `label` and `days` stand on the left of the axis,
    `summary` and `detail` on its right."""

    name: str
    label: str
    days: str
    summary: str
    detail: str
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def sentence(self) -> str:
        """All its words: what has no room is cut short in the picture."""
        return f"{self.label}, {', '.join(part for part in (self.days, self.summary, self.detail) if part)}"


_SHAPES_BY_STATUS = {
    Status.AWAITING_CHOICE: "waiting",
    Status.REFUSED: "refused",
    Status.CANCELLED: "ended",
    Status.ABSENT_JUSTIFIED: "ended",
}


def contract_row(contract: Contract, record: TrainingRecord, axis: TimeAxis) -> TimelineRow:
    last = contract.last_day if contract.last_day < date.max else None
    left, right = axis.span(contract.starts_on, last)
    covers, missing = contract == record.post.contract, len(record.post_refusals)
    return TimelineRow(
        name=str(contract.id),
        label=words.contract_label(contract),
        days=words.period_label(contract.starts_on, last),
        summary=f"En poste le {format_numeric_day(record.on)}" if covers else "",
        detail=words.administrative_file_label(missing) if covers else "",
        bands=(Band("post", left, right, over=contract.last_day < record.on, endless=last is None),),
    )


def training_rows(record: TrainingRecord, axis: TimeAxis, titles: CatalogueTitles) -> Iterator[TimelineRow]:
    """Entry into initial training, or what exempts from it, and the exams that follow."""
    if record.entered_on:
        x = axis.x(record.entered_on)
        day = words.period_label(record.entered_on, record.entered_on)
        yield TimelineRow("entry", "Entrée en formation initiale", day, "", "", marks=(Mark("entry", x, x),))
    if record.exempted_by:
        title = titles.qualifications.get(record.exempted_by, record.exempted_by)
        yield TimelineRow(record.exempted_by, "Dispense de formation initiale", title, "Dispensé", "")
    yield from (_exam_row(presentation, axis, titles) for presentation in record.presentations)


def _exam_row(presentation: Presentation, axis: TimeAxis, titles: CatalogueTitles) -> TimelineRow:
    code, x = presentation.qualification, axis.x(presentation.due_on)
    is_late = presentation.status is PresentationStatus.OVERDUE
    return TimelineRow(
        name=code,
        label=titles.qualifications.get(code, code),
        days=f"à présenter au plus tard le {format_numeric_day(presentation.due_on)}",
        summary=words.PRESENTATION_LABELS[presentation.status],
        detail="",
        marks=(Mark("late" if is_late else presentation.status, x, x),),
    )


def entitlement_row(
    item: Entitlement, record: TrainingRecord, sessions: Iterable[Registration], axis: TimeAxis, titles: CatalogueTitles
) -> TimelineRow:
    """With a point for each session that holds one of its units."""
    bucket, used = item.bucket, item.used
    left, right = axis.span(bucket.opens_on, bucket.expires_on)
    over = bucket.last_day < record.on
    when = "expiré" if over else "à venir" if bucket.opens_on > record.on else "ouvert"
    module = titles.modules.get(bucket.name.partition(":")[2]) if bucket.name.startswith("supplementary:") else None
    held = [axis.x(registration.first_day) for registration in sessions if registration.id in item.reserved_by]
    return TimelineRow(
        name=bucket.name,
        label=module or words.entitlement_label(bucket.name),
        days=f"{'en plus, ' if module else ''}{words.period_label(bucket.opens_on, bucket.expires_on)}",
        summary=words.units_label(used, bucket.units),
        detail=f"{when} · règle {bucket.rule}",
        bands=(
            Band("right", left, right, max(bucket.units, used), used, over=over, endless=bucket.expires_on is None),
        ),
        marks=tuple(Mark("use", x, x) for x in held),
    )


def derogation_row(record: TrainingRecord, sessions: Iterable[Registration], axis: TimeAxis) -> TimelineRow:
    """With a point for each session that a derogation has the State fund."""
    held = [axis.x(registration.first_day) for registration in sessions if registration.id in record.derogated]
    return TimelineRow(
        name=DEROGATION,
        label=words.entitlement_label(DEROGATION),
        days="sans limite ni dates",
        summary=words.held_label(len(record.derogated)),
        detail="décidée par une personne",
        marks=tuple(Mark("use", x, x) for x in held),
    )


def session_row(
    registration: Registration, recorded: RecordedSession, axis: TimeAxis, titles: CatalogueTitles
) -> TimelineRow:
    """The place and the reference are those of a published session only, which name nobody."""
    request, place, cause = registration.request, recorded.seat_place, recorded.cancelled_because
    first, last = request.session.starts_on, request.session.ends_on
    named = (recorded.place, recorded.reference) if recorded.session_id else ()
    detail = words.CANCELLATION_LABELS[cause] if cause else words.status_label(registration)
    return TimelineRow(
        name=str(registration.id),
        label=titles.modules.get(request.module.code, request.module.code),
        days=words.session_label(first, last, confirmed=recorded.is_confirmed, named=named),
        summary=words.queue_label(place) if place else words.funding_label(registration),
        detail=words.queued_status_label(registration) if place else detail,
        marks=(Mark(_session_shape(registration, place), axis.x(first), axis.x(last)),),
    )


def _session_shape(registration: Registration, place: int | None) -> str:
    if place:
        return "queued"
    funded = "funded" if registration.funding is Funding.STATE else "unfunded"
    return _SHAPES_BY_STATUS.get(registration.status, funded)


def obligation_row(item: Obligation, axis: TimeAxis) -> TimelineRow:
    """Its mark is at the deadline; without one, at its beginning."""
    left, right = axis.span(item.begins_on, item.due_on)
    endless, mark = item.due_on is None, right if item.due_on else left
    return TimelineRow(
        name=item.period,
        label=words.entitlement_label(item.period),
        days=words.deadline_label(item),
        summary=words.followed_label(item),
        detail=words.obligation_label(item),
        bands=(Band("due", left, right, item.required, min(item.followed, item.required), endless=endless),),
        marks=(Mark(item.status, mark, mark),),
    )
