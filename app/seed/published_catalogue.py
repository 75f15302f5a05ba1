"""The published catalogue: policy, qualifications, organisations and the modules whose titles are known.

Sources: the specification, sections 3, 6 and 8; the dossier, sections 5 and 6, for titles and hours.
"""

from datetime import date, datetime
from email.utils import parseaddr
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from app.domain.facts.calendar import Dated
from app.domain.facts.policy import (
    AttendancePolicy,
    CertificationPolicy,
    CivilYear,
    InitialTrainingPolicy,
    OverQuota,
    Policy,
    Requests,
    Supplementary,
    Support,
    TwoModules,
)
from app.persistence.administration import policies
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS, add_qualification
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.upsert import ResourceTable

SCHEME_STARTED_ON = date(2021, 1, 1)


def published_policy(support_email: str) -> Policy:
    """The values of section 8, in force since the scheme began; a later change is another version."""
    return Policy(
        effective_from=SCHEME_STARTED_ON,
        two_modules=TwoModules(entered_on_or_after=date(2024, 1, 1), count=2, window_months=12),
        civil_year=CivilYear(count=1, first_year=2024, grace={2024: date(2025, 3, 31)}),
        supplementary=Supplementary(since=date(2025, 1, 1), count=1),
        over_quota=OverQuota(reply_days=None, remind_days=7),
        requests=Requests(months_ahead=36),
        attendance=AttendancePolicy(
            correction_days=30, valid_absence_motives=("medical_certificate", "force_majeure", "employer_need")
        ),
        support=Support(answer_days=60),
        initial_training=InitialTrainingPolicy(
            max_funded=1,
            path_hours=(
                Dated(SCHEME_STARTED_ON, (105, 280, 350, 420)),
                Dated(date(2024, 3, 1), (70, 175, 315)),
                Dated(date(2025, 10, 21), (175,)),
            ),
            enter_within_months=None,
            unjustified_absence_counts=False,
        ),
        certification=CertificationPolicy(
            presentation_months=(Dated(SCHEME_STARTED_ON, 6), Dated(date(2024, 1, 1), 2)),
            valid_absence_motives=(
                Dated(SCHEME_STARTED_ON, ("medical_certificate", "force_majeure", "covid_positive_test")),
                Dated(date(2023, 11, 29), ("medical_certificate", "force_majeure")),
            ),
        ),
        unjustified_absence_consumes=True,
        support_email=support_email,
    )


REMN_VALIDITY = (date(2019, 7, 13), date(2025, 7, 12))
MEDIATEUR_VALIDITY = (date(2025, 7, 13), None)
UNLIMITED_VALIDITY = (None, None)

# code, title, contains, exempts from initial training, delivered from and until
PUBLISHED_QUALIFICATIONS: tuple[tuple[str, str, tuple[str, ...], bool, tuple[date | None, date | None]], ...] = (
    ("remn-ccp1", "CCP1 du titre Responsable d’espace de médiation numérique", (), True, REMN_VALIDITY),
    ("remn-ccp2", "CCP2 du titre Responsable d’espace de médiation numérique", (), False, REMN_VALIDITY),
    ("remn-ccp3", "CCP3 du titre Responsable d’espace de médiation numérique", (), False, REMN_VALIDITY),
    (
        "remn",
        "Responsable d’espace de médiation numérique",
        ("remn-ccp1", "remn-ccp2", "remn-ccp3"),
        True,
        REMN_VALIDITY,
    ),
    ("mediateur-numerique-ccp1", "CCP1 du titre Médiateur numérique", (), True, MEDIATEUR_VALIDITY),
    ("mediateur-numerique", "Médiateur numérique", ("mediateur-numerique-ccp1",), True, MEDIATEUR_VALIDITY),
    (
        "conseiller-mediateur-numerique",
        "Conseiller médiateur en numérique (ancien titre)",
        (),
        True,
        UNLIMITED_VALIDITY,
    ),
    (
        "catic",
        "Conseiller et assistant en technologies de l’information et de la communication",
        (),
        True,
        UNLIMITED_VALIDITY,
    ),
    ("licence-pro-usages-tic", "Licence professionnelle Usages socio-éducatifs des TIC", (), True, UNLIMITED_VALIDITY),
    ("pix", "Certification Pix", (), False, UNLIMITED_VALIDITY),
)


def _organisation_id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:inscriptions:organisme:{name}")


LA_FABRIK, FRANCILIN, LA_MEDNUM, HISTYA = (
    _organisation_id(name) for name in ("la-fabrik", "francilin", "la-mednum", "histya")
)

PUBLISHED_ORGANISATIONS: dict[UUID, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    LA_FABRIK: ("La Fabrik de la médiation numérique", "la-fabrik@example.org", (("initial_training", "mainland"),)),
    FRANCILIN: ("Francil’In", "francilin@example.org", (("initial_training", "overseas"),)),
    LA_MEDNUM: ("La Mednum", "la-mednum@example.org", (("thematic", "national"),)),
    HISTYA: ("Histya", "histya@example.org", (("full_title", "national"),)),
}


def _module(title: str, kind: str, hours: int, **others: Any) -> dict[str, Any]:
    standing = {
        "formats": ["on_site", "remote"],
        "open_from": None,
        "open_until": None,
        "supplementary": False,
        "prerequisite": "none",
    }
    return {"title": title, "kind": kind, "hours": hours, **standing, **others}


PUBLISHED_MODULES: dict[str, dict[str, Any]] = {
    "formation-initiale": _module("Formation initiale (préparation du CCP1)", "initial_training", 175),
    "cafe-ia": _module(
        "Animer un Café IA auprès de ses publics", "thematic", 17, open_from=date(2025, 1, 1), supplementary=True
    ),
    "aidants-connect": _module("Aidants Connect", "thematic", 7, prerequisite="aidants_connect"),
    "parentalite-numerique": _module("Parentalité numérique", "thematic", 14),
    "handicap": _module("Accompagnement des publics en situation de handicap", "thematic", 14),
    "numerique-responsable": _module("Numérique responsable", "thematic", 7),
    "cybersecurite": _module("Cybersécurité", "thematic", 7),
    "intelligence-artificielle": _module("Intelligence artificielle", "thematic", 7),
    "ccp2-ccp3": _module(
        "Préparation au titre complet (CCP2 et CCP3)", "full_title", 140, open_until=date(2025, 10, 20)
    ),
}


async def load_catalogue(database: Database, support_email: str, now: datetime) -> None:
    """Add what is missing, in one transaction; what administrators changed since stays as they left it."""
    async with database.transaction() as tx:
        await policies.add(tx, published_policy(parseaddr(support_email)[1]), now)
        for code, title, contains, exempts, (valid_from, valid_until) in PUBLISHED_QUALIFICATIONS:
            await add_qualification(tx, (code, title, contains, exempts, valid_from, valid_until))
        for organisation, (name, email, deliveries) in PUBLISHED_ORGANISATIONS.items():
            listed = orjson.dumps([{"kind": kind, "territory": territory} for kind, territory in deliveries]).decode()
            values = {"name": name, "email": email, "deliveries": listed}
            await _add_if_missing(tx, TRAINING_ORGANISATIONS, organisation, values, now)
        for code, values in PUBLISHED_MODULES.items():
            await _add_if_missing(tx, MODULES, code, values, now)


async def _add_if_missing(
    tx: Transaction, kept: ResourceTable, key: object, values: dict[str, Any], now: datetime
) -> None:
    if await kept.read(tx, key) is None:
        await kept.insert(tx, {kept.key: key, **values}, now)
