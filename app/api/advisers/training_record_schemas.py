"""The shapes of the training record."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.api.certifications.certification_schemas import Replacement
from app.api.http.fields.field_types import (
    BucketName,
    Count,
    DisplayText,
    ModuleCodeText,
    Motive,
    Name,
    PeriodName,
    PolicyVersion,
    Reference,
    RuleName,
    Uri,
)
from app.api.registrations.decision_resources import Reasons
from app.api.registrations.registration_resources import SeatResource
from app.domain.facts.certification import NextAttemptPayer
from app.domain.facts.registration_terms import CancellationCause, Funding, Status
from app.domain.record.exam_presentations import PresentationStatus
from app.domain.record.missed_sessions import Consequence
from app.domain.record.obligations import Excuse, ObligationStatus
from app.domain.rights.buckets import Category

MAX_RECORD_ITEMS = 1000  # of entitlements, obligations or exams: one or two a year


class InPostResource(TypedDict):
    """`reasons` dit ce que l’employeur doit encore faire, même quand un contrat couvre le jour.

    Un organisme de formation n’y lit que les contrats qui couvrent le premier jour de ses sessions : `value` est faux,
    sans motif, un jour où seul un autre contrat court.
    """

    value: bool
    contract_id: UUID | None
    reasons: Reasons


class InitialTrainingStateResource(TypedDict):
    """L’entrée en formation initiale et sa fin, ou la qualification qui en dispense."""

    entered_on: date | None
    ended_on: Annotated[date | None, Field(description="De là courent les délais des examens.")]
    exempt: bool
    exempted_by: ModuleCodeText | None


class EntitlementResource(TypedDict):
    """Un droit : `used` compte chaque unité tenue, sessions à venir comprises.

    Les dérogations (`derogation`) n’ont ni nombre, ni dates, ni règle : `units`, `valid_from`, `valid_until` et `rule`
    y sont null.
    """

    bucket: BucketName
    units: Count | None
    used: Count
    reserved_by: Annotated[
        list[UUID], Field(max_length=MAX_RECORD_ITEMS, description="Les inscriptions qui tiennent une unité.")
    ]
    valid_from: date | None
    valid_until: date | None
    rule: RuleName | None


class ObligationResource(TypedDict):
    """Ce qui doit être suivi dans une période, ou la formation initiale (`initial_training`) où il faut entrer.

    Une alerte, jamais un blocage.
    """

    period: PeriodName
    required: Count
    followed: Count
    due_on: Annotated[date | None, Field(description="Null pour la formation initiale sans échéance.")]
    status: ObligationStatus
    excused_by: Annotated[
        Excuse | None,
        Field(description="Ce qui excuse : un report, n’avoir pas été en poste à l’échéance, ou une justification."),
    ]


class PresentationResource(TypedDict):
    """Un examen à présenter après la formation initiale."""

    qualification: ModuleCodeText
    status: PresentationStatus
    due_on: date
    next_attempt_payer: Annotated[
        NextAttemptPayer | None, Field(description="Qui paie la prochaine présentation ; null une fois obtenu.")
    ]
    replacement: Replacement


class MissedSessionResource(TypedDict):
    """Une session manquée sans justification, et ce qu’il en coûte."""

    registration_id: UUID
    module_code: ModuleCodeText
    session_starts_on: date
    entitlement: Annotated[BucketName | None, Field(description="Le droit consommé.")]
    consequence: Consequence
    label: DisplayText
    rule: RuleName


class RecordedSessionResource(TypedDict):
    """Une inscription, avec sa session. `session_id` est celui d’une session publiée : elle seule a des places, se
    confirme, et peut annuler ses inscriptions."""

    registration_id: UUID
    module_code: ModuleCodeText
    session_id: UUID | None
    reference: Reference | None
    place: Name | None
    starts_on: date
    ends_on: date
    status: Status
    funding: Funding | None
    seat: Annotated[
        SeatResource | None, Field(description="La place prise ou attendue ; null sans session publiée, ou sans place.")
    ]
    confirmed: Annotated[bool, Field(description="La session publiée est confirmée.")]
    cancelled_because: Annotated[
        CancellationCause | None,
        Field(description="Pourquoi l’inscription est annulée sans que personne l’ait choisi, faute de place surtout."),
    ]


class CarriedResource(TypedDict):
    """Un report de droit : pourquoi, qui l’a décidé, quand, et ses limites.

    `motive` et `decided_by` sont null pour un organisme de formation. Les dates restent celles du report, quoi qu’il
    soit advenu du droit dont il vient.
    """

    id: UUID
    bucket: BucketName
    units: Count
    motive: Motive | None
    decided_on: date
    decided_by: UUID | None
    valid_from: date
    valid_until: date


class RecordLinksResource(TypedDict):
    """Où lire ce dossier, et où le voir en image."""

    self: Uri
    picture: Uri


class TrainingRecordResource(TypedDict):
    """Ce que les règles voient d’un conseiller un jour donné."""

    adviser_id: UUID
    on: date
    category: Category
    in_post: InPostResource
    initial_training: InitialTrainingStateResource
    entitlements: Annotated[list[EntitlementResource], Field(max_length=MAX_RECORD_ITEMS)]
    obligations: Annotated[list[ObligationResource], Field(max_length=MAX_RECORD_ITEMS)]
    certifications: Annotated[list[PresentationResource], Field(max_length=MAX_RECORD_ITEMS)]
    unjustified_absences: Annotated[list[MissedSessionResource], Field(max_length=MAX_RECORD_ITEMS)]
    sessions: Annotated[
        list[RecordedSessionResource],
        Field(max_length=MAX_RECORD_ITEMS, description="Les inscriptions, dans l’ordre des premiers jours."),
    ]
    carry_overs: Annotated[list[CarriedResource], Field(max_length=MAX_RECORD_ITEMS)]
    policy_version: PolicyVersion
    links: RecordLinksResource
