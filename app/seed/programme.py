"""The trainings of the demonstration: how long a session lasts, how it is given, and by whom."""

from datetime import date, timedelta
from uuid import UUID

from app.domain.session import Session, SessionFormat
from app.domain.training_organisation import Territory, territory_of
from app.seed.catalogue import FRANCILIN, HISTYA, LA_FABRIK, LA_MEDNUM

INITIAL, FULL_TITLE, CAFE_IA, AIDANTS = "formation-initiale", "ccp2-ccp3", "cafe-ia", "aidants-connect"
CYBER, AI, GREEN = "cybersecurite", "intelligence-artificielle", "numerique-responsable"
PARENTS, DISABILITY = "parentalite-numerique", "handicap"

# Days from the first to the last; a training that is not listed is given in one day, remotely.
SPANS = {INITIAL: 44, FULL_TITLE: 60, CAFE_IA: 2, PARENTS: 1, DISABILITY: 1}


def organisation_for(module: str, department: str) -> UUID:
    """The one that delivers such a module in the department."""
    match module:
        case "formation-initiale":
            return FRANCILIN if territory_of(department) is Territory.OVERSEAS else LA_FABRIK
        case "ccp2-ccp3":
            return HISTYA
        case _:
            return LA_MEDNUM


def session_of(module: str, starts_on: date, department: str) -> Session:
    """The session of that day, the same for everybody of a territory."""
    span = SPANS.get(module, 0)
    overseas = territory_of(department) is Territory.OVERSEAS
    on_site = module == INITIAL or (span > 0 and not overseas)
    place = ("Saint-Denis" if overseas else "Rennes") if on_site else None
    format_ = SessionFormat.ON_SITE if on_site else SessionFormat.REMOTE
    return Session(starts_on, starts_on + timedelta(days=span), format_, place, f"{module}/{starts_on}")
