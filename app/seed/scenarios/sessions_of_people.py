"""The sessions of a scenario: how long they last, in which format, by whom, and when they are requested."""

from datetime import date, timedelta
from uuid import UUID

from app.domain.facts.session import Session, SessionFormat
from app.domain.facts.training_organisation import Territory, territory_of
from app.seed.published_catalogue import FRANCILIN, HISTYA, LA_FABRIK, LA_MEDNUM
from app.seed.scenarios.modules import CAFE_IA, DISABILITY, FULL_TITLE, INITIAL, PARENTS
from app.seed.scenarios.scenario import Course, Moved, Person, parse_day
from app.use_cases.registrations.session_venue import Venue

# Days from the first to the last; a training that is not listed is given in one day, remotely.
SESSION_SPANS = {INITIAL: 44, FULL_TITLE: 60, CAFE_IA: 2, PARENTS: 1, DISABILITY: 1}

REQUESTED_AHEAD = timedelta(days=28)
RECENT_REQUEST = timedelta(days=3)


def is_overseas(person: Person) -> bool:
    return territory_of(person.department) is Territory.OVERSEAS


def organisation_of(course: Course, person: Person) -> UUID:
    if course.organisation is not None:
        return course.organisation
    initial = FRANCILIN if is_overseas(person) else LA_FABRIK
    return {INITIAL: initial, FULL_TITLE: HISTYA}.get(course.module, LA_MEDNUM)


def session_of(module: str, starts_on: date, person: Person) -> Session:
    """The session of that day, the same for everybody in a territory."""
    span, overseas = SESSION_SPANS.get(module, 0), is_overseas(person)
    on_site = module == INITIAL or (span > 0 and not overseas)
    format_ = SessionFormat.ON_SITE if on_site else SessionFormat.REMOTE
    return Session(starts_on, starts_on + timedelta(days=span), format_)


def venue_of(module: str, session: Session, person: Person) -> Venue:
    place = "Saint-Denis" if is_overseas(person) else "Rennes"
    return Venue(place if session.format is SessionFormat.ON_SITE else None, f"{module}/{session.starts_on}")


def requested_session(course: Course, person: Person, today: date) -> Session:
    return session_of(course.module, parse_day(course.starts, today), person)


def actual_session(course: Course, person: Person, today: date) -> Session:
    """The session that it was moved to, if it was."""
    starts = next((change.to for change in course.then if isinstance(change, Moved)), course.starts)
    return session_of(course.module, parse_day(starts, today), person)


def requested_on(course: Course, today: date) -> date:
    if course.asked:
        return parse_day(course.asked, today)
    return min(parse_day(course.starts, today) - REQUESTED_AHEAD, today - RECENT_REQUEST)
