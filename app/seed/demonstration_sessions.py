"""The published sessions of the demonstration: what happens to all of them, in the order of its instants.

People of several scenarios want seats of the same session, so that it runs once they are complete, in one transaction.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, time
from functools import partial

from app.domain.facts.calendar import PARIS, civil_date
from app.persistence.advisers.advisers import ADVISERS
from app.persistence.engine.database import Database
from app.persistence.sessions.sessions import SESSIONS
from app.seed.scenarios.contracts_of_people import stable_id
from app.seed.scenarios.people_in_sessions import PEOPLE_IN_SESSIONS
from app.seed.scenarios.published_sessions import PUBLISHED_SESSIONS
from app.seed.scenarios.scenario import parse_day
from app.seed.scenarios.session_actions import SessionActions
from app.seed.scenarios.session_scenario import (
    CalledOff,
    Confirmed,
    Enlarged,
    Joined,
    Left,
    RoomChanged,
    SessionScenario,
)

Action = Callable[[datetime], Awaitable[None]]
Moment = tuple[date, int, Action]  # the day, the hour in Paris, and what happens


async def add_demonstration_sessions(database: Database, now: datetime) -> bool:
    """Run them up to `now`, and return True; unless they exist, or one of their people is missing."""
    if await SESSIONS.read(database, PUBLISHED_SESSIONS[0].id) is not None:
        return False
    if None in [await ADVISERS.read(database, stable_id(person)) for person in PEOPLE_IN_SESSIONS]:
        return False
    moments = [moment for scenario in PUBLISHED_SESSIONS for moment in _moments(database, scenario, civil_date(now))]
    for order, (day, hour, act) in enumerate(sorted(moments, key=lambda moment: moment[:2])):
        at = datetime.combine(day, time(hour, order % 60, tzinfo=PARIS)).astimezone(UTC)
        if at <= now:
            await act(at)
    return True


def _moments(database: Database, scenario: SessionScenario, today: date) -> Iterator[Moment]:
    actions, dates = SessionActions(database, scenario, today), scenario.dates(today)
    yield parse_day(scenario.published, today), 8, actions.publish
    for change in scenario.then:
        day = parse_day(change.on, today)
        match change:
            case Joined(_, who):
                yield from ((day, 9, partial(actions.register, person)) for person in who)
            case Left(_, person, motive):
                yield day, 11, partial(actions.leave, person, motive)
            case Enlarged(_, maximum):
                yield day, 10, partial(actions.change, {"capacity": maximum})
            case RoomChanged(_, name):
                yield day, 10, partial(actions.change, {"place_name": name})
            case Confirmed():
                yield day, 14, actions.confirm
            case CalledOff(_, motive):  # pragma: no branch  # the last one
                yield day, 15, partial(actions.call_off, motive)
    yield dates[0], 0, actions.cancel_those_who_wait
    if scenario.attended:
        yield dates[-1], 18, actions.record_attendance
