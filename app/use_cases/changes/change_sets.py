"""What a use case changes of an adviser's registrations: the rows to write, and an event for everybody concerned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences, newly_regularisable
from app.domain.decisions.refusals import Refusal
from app.domain.events import CONVENING, Event, EventType, Recipient, event_type_of_change
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import RegistrationId, Seat
from app.domain.registration_events import NOTHING_ELSE, registration_event
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations.registrations import REGISTRATION_COLUMNS, Changes
from app.persistence.sessions.seats import Place
from app.use_cases.changes.changes_as_rows import (
    decision_row,
    event_row,
    overlaps_json,
    registration_row,
    shown_decision_columns,
)
from app.use_cases.changes.seat_changes import with_places
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class DirectChange:
    """What a use case itself changed in one registration, beside what follows from it.

    `event_types` are those of its events, and `event_data` what they say besides; `columns` are those that no rule
    reads; `stored_row` is the row stored so far, None when the registration is new. `is_history` events go to nobody.
    `is_unchanged`: what was asked for was so already, and nothing is written. `unmailed` types are of what is done of a
    whole session: another of the events tells people in one e-mail, and the organisation has a summary.
    `session_version` is that of the published session which was read for it.
    """

    registration: RegistrationId
    event_types: tuple[EventType | None, ...]
    stored_row: Row | None = None
    columns: Mapping[str, Any] = field(default_factory=dict[str, Any])
    event_data: Mapping[str, object] = field(default_factory=dict[str, object])
    is_history: bool = False
    is_unchanged: bool = False
    unmailed: frozenset[EventType] = frozenset()
    session_version: int | None = None

    def as_announced(self, events: Sequence[Event]) -> Iterator[Event]:
        """Each with those whom it is mailed to."""
        others = {who for event in events if event.type in self.unmailed for who in event.recipients}
        for event in events:
            told = {*event.recipients, *(others - {Recipient.TRAINING_ORGANISATION})}
            recipients = () if event.type in self.unmailed else tuple(who for who in Recipient if who in told)
            yield replace(event, is_history=self.is_history, recipients=recipients)


def data_after_the_fact(first_day: date, context: RequestContext) -> dict[str, object]:
    """What an event says beside the registration when its session had started: it tells of the past, and its messages
    ask nobody to act."""
    return {"recorded_after_the_fact": True} if first_day <= context.today else {}


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """The file before, and after with the decisions taken; the direct changes (none when the file itself changed), and
    other events. `places` are the seats that registrations take or leave by it (None)."""

    before: AdviserFile
    cascade: DecisionCascade
    context: RequestContext
    direct_changes: tuple[DirectChange, ...] = ()
    events: tuple[Event, ...] = ()
    places: Mapping[RegistrationId, Place | None] = field(default_factory=dict[RegistrationId, Place | None])

    @property
    def adviser(self) -> UUID:
        return self.before.adviser.id

    def with_places(self, places: Mapping[RegistrationId, Place | None]) -> "ChangeSet":
        """The change with those of these places that its registrations have."""
        own = {item.id: places[item.id] for item in self.cascade.file.registrations if item.id in places}
        return replace(
            self, cascade=replace(self.cascade, file=with_places(self.cascade.file, own)), places={**self.places, **own}
        )

    def changes(self) -> tuple[Changes, dict[RegistrationId, Row]]:
        """The rows to write, and each changed registration as a client would be shown it."""
        decisions = [decision_row(recorded, self.adviser, self.context) for recorded in self.cascade.decisions]
        latest = {decision["registration_id"]: decision for decision in decisions}
        rows: dict[RegistrationId, Row] = {}
        events = [*self.events]
        for former, present in self._changed():
            rows[present.id] = self._row(present, latest.get(present.id))
            events += self._events_of(former, present)
        events += self._regularisable_events(rows)
        written = [{name: row.get(name) for name in REGISTRATION_COLUMNS} for row in rows.values()]
        taken = {subject: decision["id"] for subject, decision in latest.items()}
        outbox = [event_row(event, self.context.now, taken.get(RegistrationId(event.subject_id))) for event in events]
        return Changes(written, decisions, outbox), rows

    def changes_and_response(self) -> tuple[Changes, ReplayableResponse]:
        """The rows to write, and the response that shows the one registration changed directly."""
        (change,) = self.direct_changes
        if change.is_unchanged and change.stored_row is not None:
            return Changes(), self.context.render(change.stored_row)
        changes, rows = self.changes()
        return changes, self.context.render(rows[change.registration])

    def _changed(self) -> Iterator[tuple[Registration | None, Registration]]:
        """Each registration that is new, changed or decided again: as it was, and as it is with its next version."""
        former = {item.id: item for item in self.before.registrations}
        concerned = {recorded.registration_id for recorded in self.cascade.decisions}
        concerned.update(change.registration for change in self.direct_changes if not change.is_unchanged)
        concerned |= self._warned_anew(former)
        for item in self.cascade.file.registrations:
            was = former.get(item.id)
            if item.id in concerned or (item is not was and item != was):
                yield was, replace(item, version=was.version + 1) if was else item

    def _warned_anew(self, former: Mapping[RegistrationId, Registration]) -> set[RegistrationId]:
        """Those that share a day with one that changed: what they are shown with changes too."""
        return {
            other.id
            for item in self.cascade.file.registrations
            if (was := former.get(item.id)) is not item
            for other in {*self.cascade.file.overlapping(item)} ^ {*(self.before.overlapping(was) if was else ())}
        }

    def _row(self, registration: Registration, decision: Mapping[str, Any] | None) -> dict[str, Any]:
        row = registration_row(registration, self.adviser, self.context.now)
        if (change := self._direct_change(registration)) is not None:
            row = {**(change.stored_row or {}), **row, **change.columns}
        row["seat"] = registration.seat
        row.setdefault("seat_place", None)
        if registration.id in self.places:
            place = self.places[registration.id]
            row["seat_place"] = place.place if place else None
        row["overlaps"] = overlaps_json(self.cascade.file.overlapping(registration))
        return row | shown_decision_columns(decision) if decision else row

    def _events_of(self, former: Registration | None, present: Registration) -> Iterator[Event]:
        change, refusals = self._direct_change(present), self._latest_refusals(present)
        said_besides = change.event_data if change else NOTHING_ELSE
        event_types = change.event_types if change else (event_type_of_change(former, present),)
        events = [
            registration_event(event_type, self.before.adviser.id, present, refusals, former, said_besides)
            for event_type in event_types
            if event_type is not None
        ]
        yield from change.as_announced(events) if change else events
        if present.id in self.places and self._is_convened(present):
            summons = registration_event(EventType.SESSION_CONFIRMED, self.before.adviser.id, present, (), former)
            is_told = change is not None and not CONVENING.isdisjoint(change.event_types)
            yield replace(summons, recipients=()) if is_told else summons

    def _is_convened(self, registration: Registration) -> bool:
        """Whether it has just been given a seat of a session that is confirmed, and to come."""
        place = self.places[registration.id]
        is_given = place is not None and place.seat is Seat.SEATED and place.is_confirmed
        return is_given and registration.first_day > self.context.today

    def _regularisable_events(self, changed: Mapping[RegistrationId, Row]) -> Iterator[Event]:
        """Of refused registrations that have no reason left and are not `changed` otherwise."""
        today = self.context.today
        for item in newly_regularisable(self.before, self.cascade.file, self.cascade.policies, today=today):
            if item.id not in changed:
                yield registration_event(EventType.REGISTRATION_REGULARISABLE, self.before.adviser.id, item, ())

    def _latest_refusals(self, registration: Registration) -> tuple[Refusal, ...]:
        decided = (each for each in reversed(self.cascade.decisions) if each.registration_id == registration.id)
        return next((each.decision.refusals for each in decided), ())

    def _direct_change(self, registration: Registration) -> DirectChange | None:
        return next((change for change in self.direct_changes if change.registration == registration.id), None)


def consequences_of_change(
    before: AdviserFile, after: AdviserFile, policies: Policies, context: RequestContext, *events: Event
) -> ChangeSet:
    """The decisions taken again because the file itself changed, beside the events of that change."""
    cascade = apply_consequences(DecisionCascade(after, policies), before, today=context.today)
    return ChangeSet(before, cascade, context, events=events)
