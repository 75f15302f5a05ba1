"""The training record as an SVG picture, on one axis of time.

One row for each contract, right, session, obligation and exam: its name on the left of the axis, what is known of it on
the right, so that no label covers another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.api.advisers.timeline import drawing_axis as page
from app.api.advisers.timeline.drawing_axis import TimeAxis, truncate_to_width
from app.api.advisers.timeline.timeline_rows import (
    CatalogueTitles,
    TimelineRow,
    contract_row,
    derogation_row,
    entitlement_row,
    obligation_row,
    session_row,
    training_rows,
)
from app.api.http.bodies.template_rendering import template_environment
from app.domain.facts.contract import Contract
from app.domain.facts.registration import Registration
from app.domain.record.training_record import TrainingRecord
from app.persistence.registrations.recorded_sessions import NOTHING_KNOWN, RecordedSession
from app.wording import timeline_labels as words
from app.wording.dates import format_numeric_day

TEMPLATES = template_environment("app.api.advisers.timeline")

ROWS_TOP, ROW_HEIGHT, HEADING_HEIGHT, LEGEND_HEIGHT = 130, 32, 30, 164

# In rows of four: rights, sessions, whatever else is on the axis, obligations and exams.
LEGEND_LABELS = (
    ("used", "droit utilisé"),
    ("funded", "session financée par l’État"),
    ("ended", "annulée, ou absence justifiée"),
    ("met", "obligation remplie, examen présenté"),
    ("left", "droit qui reste"),
    ("unfunded", "session sans prise en charge"),
    ("entry", "entrée en formation initiale"),
    ("due", "échéance à venir"),
    ("expired", "droit expiré"),
    ("waiting", "en attente du choix du conseiller"),
    ("endless", "sans terme"),
    ("late", "échéance dépassée"),
    ("use", "session qui utilise ce droit"),
    ("refused", "inscription refusée"),
    ("today", "jour du dossier"),
    ("excused", "obligation excusée"),
    ("", ""),
    ("queued", "en attente d’une place"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one `kind`; `empty` is shown when there is none."""

    kind: str
    title: str
    empty: str
    rows: tuple[TimelineRow, ...]

    @property
    def height(self) -> int:
        return HEADING_HEIGHT + ROW_HEIGHT * max(len(self.rows), 1)


@dataclass(frozen=True, slots=True)
class Timeline:
    """`sections` stand from the top to the bottom, each with the place of its top."""

    title: str
    summary: str
    policy: str
    today: str
    today_x: float
    years: tuple[tuple[int, float, float], ...]
    sections: tuple[tuple[int, Section], ...]

    @property
    def bottom(self) -> int:
        top, last = self.sections[-1]
        return top + last.height

    @property
    def height(self) -> int:
        return self.bottom + LEGEND_HEIGHT

    @property
    def description(self) -> str:
        """What the picture shows, for screen readers."""
        texts = (
            f"{section.title} : {' ; '.join(row.sentence for row in section.rows) or section.empty}."
            for _, section in self.sections
        )
        return f"{self.summary}. {' '.join(texts)}"


def build_timeline(
    adviser: UUID,
    record: TrainingRecord,
    contracts: Iterable[Contract],
    sessions: Iterable[Registration],
    recorded: Mapping[UUID, RecordedSession],
    titles: CatalogueTitles,
) -> Timeline:
    """`contracts` and `sessions` are those that the caller may see; the record also counts the others. `recorded` are
    the sessions of registrations, by the registration's id."""
    contracts = sorted(contracts, key=lambda contract: contract.starts_on)
    sessions = sorted(sessions, key=lambda item: (item.first_day, item.created_at))
    days = [*_days(record, contracts, sessions)]
    axis = TimeAxis(min(days).year, max(days).year)
    since = format_numeric_day(date.fromisoformat(record.policy_version))
    return Timeline(
        title=f"Dossier de formation au {format_numeric_day(record.on)}",
        summary=f"Conseiller {adviser}, {words.in_post_label(record.post, record.post_refusals)}, "
        f"{words.CATEGORY_LABELS[record.category]}",
        policy=f"Politique de financement en vigueur depuis le {since}",
        today=format_numeric_day(record.on),
        today_x=axis.x(record.on),
        years=tuple(axis.years()),
        sections=tuple(_with_tops(_sections(record, contracts, sessions, recorded, axis, titles))),
    )


def _days(record: TrainingRecord, contracts: Iterable[Contract], sessions: Iterable[Registration]) -> Iterator[date]:
    """Every day that has a place on the axis."""
    yield record.on
    if record.entered_on:
        yield record.entered_on
    for contract in contracts:
        yield from (contract.starts_on, contract.last_day if contract.last_day < date.max else contract.starts_on)
    for item in record.entitlements:
        yield from (item.bucket.opens_on, item.bucket.expires_on or item.bucket.opens_on)
    for registration in sessions:
        yield from (registration.request.session.starts_on, registration.request.session.ends_on)
    for obligation in record.obligations:
        yield from (obligation.begins_on, obligation.due_on or obligation.begins_on)
    yield from (presentation.due_on for presentation in record.presentations)


def _sections(
    record: TrainingRecord,
    contracts: Sequence[Contract],
    sessions: Sequence[Registration],
    recorded: Mapping[UUID, RecordedSession],
    axis: TimeAxis,
    titles: CatalogueTitles,
) -> tuple[Section, ...]:
    posts = tuple(contract_row(item, record, axis) for item in contracts)
    training = tuple(training_rows(record, axis, titles))
    rights = tuple(entitlement_row(item, record, sessions, axis, titles) for item in record.entitlements)
    if record.derogated:
        rights += (derogation_row(record, sessions, axis),)
    held = tuple(session_row(item, recorded.get(item.id, NOTHING_KNOWN), axis, titles) for item in sessions)
    owed = tuple(obligation_row(item, axis) for item in record.obligations)
    return (
        Section("contract", "Poste", "aucun contrat" if record.post_refusals else "non communiqué", posts),
        Section("training", "Formation initiale et examens", "ni entrée en formation initiale, ni dispense", training),
        Section("right", "Droits financés", "aucun droit", rights),
        Section("session", "Sessions", "aucune inscription", held),
        Section("obligation", "Obligations de suivi", "aucune obligation", owed),
    )


def _with_tops(sections: Iterable[Section]) -> Iterator[tuple[int, Section]]:
    top = ROWS_TOP
    for section in sections:
        yield top, section
        top += section.height


def render_timeline(timeline: Timeline) -> bytes:
    """As SVG, in UTF-8. It runs no script and loads nothing."""
    svg = TEMPLATES.get_template("timeline.svg").render(
        timeline=timeline,
        page=page,
        truncated=truncate_to_width,
        legend=LEGEND_LABELS,
        rows_top=ROWS_TOP,
        row_height=ROW_HEIGHT,
        heading=HEADING_HEIGHT,
    )
    return svg.encode()
