"""Deeds done to one adviser's file, drawn at random: requests, and all that may be corrected afterwards."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

from hypothesis import strategies as st

from app.domain.decisions.attendance import RECORDED, attended, corrected
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.derogations import Derogation
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause, RecordedDecision
from app.domain.decisions.refusals import Reason
from app.domain.errors import Conflict, InvalidTransition
from app.domain.facts.adviser import Adviser, InitialTraining
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.published_session import SessionDeed
from app.domain.facts.registration import Registration, Request
from app.domain.facts.registration_terms import Attendance, Funding, Payer, Status
from app.domain.rights.carry_overs import carry_over
from tests.domain_builders import (
    CAFE_IA,
    INITIAL,
    POLICIES,
    POLICY,
    THEMATIC,
    a_certification,
    a_contract,
    a_file,
    a_module,
    a_published_session,
    a_request,
    a_session,
    a_submission,
    day,
)


@dataclass(frozen=True)
class World:
    """The file on the day `today`, and the decisions so far. From `served_from` on, nobody may wait while a unit fits:
    the day of the last deed, or an earlier one when it freed a right for it."""

    file: AdviserFile
    today: date
    served_from: date
    decisions: tuple[RecordedDecision, ...] = ()

    def after_deed(
        self, cascade: DecisionCascade, day: date | None = None, apart_from: Registration | None = None
    ) -> "World":
        left_out = apart_from.id if apart_from else None
        after = apply_consequences(cascade, self.file, today=self.today, day=day, apart_from=left_out)
        of_deed, frees = day or self.today, self.file.held_units - cascade.file.held_units
        served_from = of_deed if frees else max(of_deed, self.served_from)
        return World(after.file, self.today, served_from, (*self.decisions, *after.decisions))

    def after_change(self, file: AdviserFile) -> "World":
        return self.after_deed(DecisionCascade(file, POLICIES))

    def with_adviser(self, change: Callable[[Adviser], Adviser]) -> "World":
        return self.after_change(replace(self.file, adviser=change(self.file.adviser)))


@dataclass(frozen=True)
class Deed:
    """`says` tells what it is; `do` may raise Conflict."""

    says: str
    do: Callable[[World], World] = field(repr=False)


def _registered(request: Request) -> Deed:
    def do(world: World) -> World:
        submission = a_submission(len(world.file.registrations) + 1, request)
        return _decided(world, submission, Cause.REQUEST)

    return Deed(f"register {request.module.code} on {request.session.starts_on}", do)


def _to_one(place: int, move: tuple[str, Callable[[World, Registration], World]]) -> Deed:
    """Done to the first registration, from that place on, that allows it."""
    says, do_to = move

    def do(world: World) -> World:
        items = world.file.registrations
        for item in (*items[place:], *items[:place]):
            with suppress(Conflict):
                return do_to(world, item)
        return world

    return Deed(f"{says} {place + 1}", do)


def _decided(world: World, submitted: Registration, cause: Cause) -> World:
    cascade = DecisionCascade(world.file, POLICIES).decide_registration(submitted, cause)
    return world.after_deed(cascade, apart_from=submitted)


def _left(world: World, left: Registration, deed_day: date | None = None) -> World:
    return world.after_deed(DecisionCascade(world.file, POLICIES).with_registration(left), deed_day, left)


def _cancel(world: World, item: Registration) -> World:
    on = min(world.today, item.first_day - timedelta(days=1))
    return _left(world, item.cancelled(on, today=world.today, regularisation=True), on)


def _cancel_session(world: World, item: Registration) -> World:
    a_published_session(item.first_day).check_deed(SessionDeed.CANCELLATION, world.today)
    return _left(world, item.cancelled_with_session(), world.today)


def _give_no_seat(world: World, item: Registration) -> World:
    """It still waits for one on its first day."""
    if item.status is not Status.ACCEPTED or item.first_day > world.today:
        raise InvalidTransition("cancellation", item.status)
    return _left(world, item.cancelled_with_session(), item.first_day)


def _attend(world: World, item: Registration, outcome: Attendance) -> World:
    if item.status in RECORDED:
        return _left(world, corrected(world.file, item, outcome, POLICY, today=world.today), item.first_day)
    return _left(world, attended(item, outcome, POLICY, today=world.today), item.first_day)


def _move(world: World, item: Registration, starts_on: date) -> World:
    moved = item.rescheduled(a_session(starts_on), today=world.today, regularisation=True)
    return _decided(world, moved, Cause.RESCHEDULED)


def _notify(world: World, item: Registration) -> World:
    return _decided(world, item.with_adviser_notice(world.today, employer_agreement=True), Cause.RE_EXAMINATION)


def _keep(world: World, item: Registration) -> World:
    return _left(world, item.kept(Payer.SELF))


def _decline(world: World, item: Registration) -> World:
    return _left(world, item.declined())


def _derogate(world: World, item: Registration, funding: Funding) -> World:
    derogation = Derogation(tuple(Reason), funding, Payer.EMPLOYER if funding is Funding.NONE else None)
    return world.after_deed(DecisionCascade(world.file, POLICIES).derogate(item, derogation), apart_from=item)


def _entry_corrected(entered_on: date | None) -> Deed:
    history = InitialTraining(entered_on) if entered_on else None
    return Deed(
        f"entry is {entered_on}",
        lambda world: world.with_adviser(lambda adviser: replace(adviser, initial_training=history)),
    )


def _exempted(on: date | None) -> Deed:
    results = (a_certification(on=on),) if on else ()
    return Deed(f"exempt from {on}", lambda world: world.after_change(replace(world.file, certifications=results)))


def _employed(starts_on: date, ends_on: date | None, missing: tuple[str, ...]) -> Deed:
    contract = a_contract(starts_on=starts_on, ends_on=ends_on, missing=missing)
    return Deed(
        f"in post from {starts_on} to {ends_on} {missing}",
        lambda world: world.after_change(replace(world.file, contracts=(contract,))),
    )


def _in_scheme(in_scheme: object) -> Deed:
    return Deed(
        f"in scheme: {in_scheme}",
        lambda world: world.with_adviser(lambda adviser: replace(adviser, in_scheme=bool(in_scheme))),
    )


def _carried_over(bucket: str) -> Deed:
    def do(world: World) -> World:
        through = world.today.year + 1
        carried = carry_over(world.file, bucket, 1, POLICY, decided_on=world.today, through=through)
        return world.after_change(replace(world.file, carry_overs=(*world.file.carry_overs, carried)))

    return Deed(f"carry over {bucket}", do)


def _later(days: int) -> Deed:
    return Deed(f"{days} days later", lambda world: replace(world, today=world.today + timedelta(days=days)))


SINCE = day("2024-12-01")
ENTRY_DAYS = ("2022-03-14", "2024-04-15", "2024-12-31", "2025-01-20", "2025-02-17", "2025-06-02", "2026-02-02")
SESSION_DAYS = (
    "2024-12-10",
    "2025-02-03",
    "2025-03-31",
    "2025-04-15",
    "2025-05-13",
    "2025-09-16",
    "2025-12-31",
    "2026-01-20",
    "2026-03-10",
    "2026-10-06",
)
DAYS = st.sampled_from([*map(day, SESSION_DAYS)])
ENTRIES = st.sampled_from([None, *map(day, ENTRY_DAYS)])
PLACES = st.integers(0, 6)
MODULES = st.sampled_from((THEMATIC, a_module("thematic-b"), a_module("thematic-c"), CAFE_IA))

ATTENDANCES = [(f"{outcome}", partial(_attend, outcome=outcome)) for outcome in Attendance]
DEROGATIONS = [(f"derogate, funding {funding}:", partial(_derogate, funding=funding)) for funding in Funding]
SESSION_MOVES = [(f"to {on} move", partial(_move, starts_on=day(on))) for on in SESSION_DAYS]
OF_SESSIONS = [("cancel the session of", _cancel_session), ("find no seat for", _give_no_seat)]
CHOICES = [("keep", _keep), ("decline", _decline)]

REQUESTS: st.SearchStrategy[Deed] = st.builds(a_request, DAYS, module=MODULES).map(_registered)
INITIAL_REQUESTS: st.SearchStrategy[Deed] = st.builds(a_request, DAYS, module=st.just(INITIAL)).map(_registered)
HIRINGS: st.SearchStrategy[Deed] = st.builds(
    _employed,
    st.sampled_from((day("2022-01-10"), day("2025-01-06"), day("2025-05-05"))),
    st.sampled_from((None, None, day("2025-03-31"), day("2025-12-31"))),
    st.sampled_from(((), (), (), ("validated_on",))),
)
MOVES: st.SearchStrategy[Deed] = st.builds(
    _to_one,
    PLACES,
    st.sampled_from(
        [
            *ATTENDANCES * 4,
            *DEROGATIONS,
            *CHOICES * 2,
            *SESSION_MOVES,
            *[("cancel", _cancel)] * 4,
            *OF_SESSIONS,
            ("notify", _notify),
        ]
    ),
)
LATER: st.SearchStrategy[Deed] = st.sampled_from((90, 200, 300)).map(_later)
KINDS: tuple[st.SearchStrategy[Deed], ...] = (
    REQUESTS,
    REQUESTS,
    INITIAL_REQUESTS,
    ENTRIES.map(_entry_corrected),
    ENTRIES.map(_entry_corrected),
    ENTRIES.map(_exempted),
    HIRINGS,
    st.sampled_from((True, True, False)).map(_in_scheme),
    st.sampled_from(("first_year", "civil_year:2024", "civil_year:2025")).map(_carried_over),
    *[MOVES] * 8,
    LATER,
)


def _one_after_the_other(first: list[Deed], then: list[Deed]) -> list[Deed]:
    return [*first, *then]


DEEDS: st.SearchStrategy[list[Deed]] = st.builds(
    _one_after_the_other,
    st.lists(REQUESTS, min_size=2, max_size=5),
    st.lists(st.sampled_from(KINDS).flatmap(lambda kind: kind), min_size=3, max_size=16),
)
FIRST_FILES = st.builds(
    a_file,
    entered_on=ENTRIES,
    certifications=st.sampled_from(((), (a_certification(),))),
)


def done(file: AdviserFile, deeds: list[Deed]) -> World:
    """The world after these deeds, but the requests that duplicate another."""
    world = World(file, SINCE, SINCE)
    for deed in deeds:
        with suppress(Conflict):
            world = deed.do(world)
    return world
