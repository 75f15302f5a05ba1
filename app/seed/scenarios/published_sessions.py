"""The published sessions of the demonstration: of every status, of two organisations."""

from app.domain.facts.session import SessionFormat
from app.seed.published_catalogue import LA_FABRIK, LA_MEDNUM
from app.seed.scenarios.modules import AI, CAFE_IA, CYBER, GREEN, INITIAL, PARENTS
from app.seed.scenarios.people_by_entitlement import JUSTIFIED, UNJUSTIFIED
from app.seed.scenarios.people_in_sessions import (
    ALBAN,
    BRUNE,
    CORENTIN,
    PIERRICK,
    QUITTERIE,
    RONAN,
    SOLENN,
    TUGDUAL,
    URSULE,
    VIOLAINE,
    WILFRID,
    XAVIERE,
    YOUNA,
    ZITA,
)
from app.seed.scenarios.session_scenario import (
    Attended,
    CalledOff,
    Confirmed,
    Enlarged,
    Joined,
    Left,
    RoomChanged,
    SessionScenario,
)

ON_SITE, REMOTE = SessionFormat.ON_SITE, SessionFormat.REMOTE

HELD = SessionScenario(
    "MED-CAFE-01", 1, CAFE_IA, LA_MEDNUM, "-24", "-60", ON_SITE, 2, 4, days=3,
    then=(Joined("-50", (PIERRICK, QUITTERIE, RONAN, SOLENN, TUGDUAL)), Confirmed("-40")),
    attended=(
        Attended(PIERRICK), Attended(QUITTERIE, missed_first_day=True),
        Attended(RONAN, JUSTIFIED, "medical_certificate"), Attended(SOLENN, UNJUSTIFIED),
    ),
)  # fmt: skip
TO_RECORD = SessionScenario(
    "MED-CAFE-02", 2, CAFE_IA, LA_MEDNUM, "-8", "-55", REMOTE, 2, 8, days=3,
    then=(Joined("-30", (YOUNA, ZITA)), Confirmed("-20")),
)  # fmt: skip
FULL = SessionScenario(
    "MED-CYBER-01", 3, CYBER, LA_MEDNUM, "+26", "-45", ON_SITE, 3, 4,
    then=(
        Joined("-22", (PIERRICK, QUITTERIE, RONAN, TUGDUAL)), Joined("-18", (URSULE, VIOLAINE, WILFRID)),
        Left("-10", TUGDUAL, "Nécessité de service"),
    ),
)  # fmt: skip
CALLED_OFF = SessionScenario(
    "MED-NR-01", 4, GREEN, LA_MEDNUM, "+40", "-45", REMOTE, 6, 12,
    then=(Joined("-17", (XAVIERE, YOUNA, ZITA)), CalledOff("-12", "Trop peu d’inscrits")),
)  # fmt: skip
CONFIRMED = SessionScenario(
    "MED-PARENT-01", 5, PARENTS, LA_MEDNUM, "+19", "-40", ON_SITE, 3, 5, days=2, closes="+12",
    then=(Enlarged("-15", 6), Joined("-9", (XAVIERE, YOUNA, ZITA, ALBAN)), Confirmed("-4")),
)  # fmt: skip
OPEN = SessionScenario(
    "MED-CAFE-03", 6, CAFE_IA, LA_MEDNUM, "+120", "-40", REMOTE, 2, 12, days=3, closes="+110",
    then=(Joined("-5", (XAVIERE, ALBAN)),),
)  # fmt: skip
FAR_AHEAD = SessionScenario(
    "MED-IA-01", 7, AI, LA_MEDNUM, "+150", "-30", REMOTE, 6, 10, then=(Joined("-5", (SOLENN,)),),
)  # fmt: skip
INITIAL_CONFIRMED = SessionScenario(
    "FAB-CCP1-01", 8, INITIAL, LA_FABRIK, "+45", "-40", ON_SITE, 2, 15, days=25, closes="+38",
    then=(Joined("-14", (BRUNE, CORENTIN)), RoomChanged("-8", "Tiers-lieu (démonstration)"), Confirmed("-3")),
)  # fmt: skip

PUBLISHED_SESSIONS = HELD, TO_RECORD, FULL, CALLED_OFF, CONFIRMED, OPEN, FAR_AHEAD, INITIAL_CONFIRMED
