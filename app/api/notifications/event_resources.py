"""Events as the feed and webhooks show them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, NotRequired
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.fields.field_types import BucketName, Count, Hours, ModuleCodeText, Version
from app.api.http.pagination import CURSOR_SCHEMA, MAX_CURSOR_LENGTH
from app.api.notifications.reminder_news import DueNews, ExpiringNews, InitialTrainingNews
from app.api.registrations.attendance_schemas import MAX_MISSED_DAYS
from app.domain.decisions.refusals import Reason
from app.domain.events import EventType, Subject
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import CancellationCause, Chooser, Funding, Payer, Seat, Status
from app.domain.facts.support_request import SupportRequestKind, SupportRequestStatus
from app.persistence.engine.pagination import MAX_LIMIT

MAX_UNITS = 100
MAX_POSITION = 2**53 - 1  # the largest integer every JSON reader keeps exact


class SubjectResource(TypedDict):
    """De quoi parle l’événement. Appliquez-le si `version` est plus grande que la vôtre."""

    type: Subject
    id: UUID
    version: Version


class MissedDayNews(TypedDict):
    """Un jour manqué d’une formation suivie."""

    on: date
    justified: bool


class RegistrationNews(TypedDict):
    """Ce qu’est devenue une inscription ; `reasons` sont les codes des motifs de refus.

    `chosen_by` dit qui a choisi, ou annulé ; `taken_on` et `hours`, le test de positionnement et la durée du parcours ;
    `former_status`, l’assiduité enregistrée avant sa correction ; `absences`, les jours manqués ; `waived`, les motifs
    qu’une dérogation écarte. `recorded_after_the_fact` : la session avait déjà commencé, et rien n’est demandé à
    personne. `session_id` et `seat`, quand la session est publiée : une place, ou une attente ; null, ni l’une ni
    l’autre. `cancelled_because` : personne n’a choisi d’annuler.
    """

    status: Status
    funding: Funding | None
    payer: Payer | None
    entitlement: BucketName | None
    module_code: ModuleCodeText
    session_starts_on: date
    reasons: Annotated[list[Reason], Field(max_length=len(Reason))]
    chosen_by: NotRequired[Chooser]
    taken_on: NotRequired[date]
    hours: NotRequired[Hours]
    former_status: NotRequired[Status]
    absences: NotRequired[Annotated[list[MissedDayNews], Field(max_length=MAX_MISSED_DAYS)]]
    waived: NotRequired[Annotated[list[Reason], Field(max_length=len(Reason))]]
    recorded_after_the_fact: NotRequired[bool]
    session_id: NotRequired[UUID]
    seat: NotRequired[Seat | None]
    cancelled_because: NotRequired[CancellationCause]


class SessionNews(TypedDict):
    """Une session entière : ses jours, ses places prises, et combien de personnes en attendent une. `concerned` : le
    nombre d’inscriptions que l’acte concernait, une fois qu’il est appliqué à toutes."""

    module_code: ModuleCodeText
    session_starts_on: date
    session_ends_on: date
    seats_taken: Count
    seats_waiting: Count
    concerned: NotRequired[Count]


class CertificationNews(TypedDict):
    """Un résultat d’examen enregistré, ou annulé (`annulled_on`)."""

    qualification: ModuleCodeText
    outcome: CertificationOutcome
    on: date
    annulled_on: NotRequired[date]


class EntitlementNews(TypedDict):
    """Des unités d’un droit reportées sur l’année suivante."""

    bucket: BucketName
    units: Count
    decided_on: date
    valid_from: NotRequired[Annotated[date, Field(description="Le premier jour d’une session qui peut les utiliser.")]]
    valid_until: NotRequired[Annotated[date, Field(description="Le dernier jour, inclus.")]]


class SupportRequestNews(TypedDict):
    """Une demande au support, ouverte ou répondue ; son texte et le motif n’y sont jamais."""

    kind: SupportRequestKind
    status: SupportRequestStatus
    registration_id: UUID | None
    certification_id: UUID | None


class AdviserNews(TypedDict):
    """L’identité d’un conseiller est effacée, pour toujours."""

    anonymised_on: date


class RecognisedBy(StrEnum):
    """À quoi une personne de retour est reconnue."""

    CONUM_ID = "conum_id"
    EMAIL = "email"


class ReturnNews(TypedDict):
    """Un conseiller anonymisé est de retour. Reconnu par `conum_id`, ce que l’ancien dossier avait utilisé compte dans
    le nouveau ; par `email`, c’est peut-être la même personne, et rien n’est compté. `entitlements` : un droit par
    unité utilisée."""

    recognised_by: RecognisedBy
    anonymised_on: date
    entitlements: Annotated[list[BucketName], Field(max_length=MAX_UNITS)]
    initial_training_entered_on: date | None


class EventResource(TypedDict):
    """Des identifiants, des statuts et des codes, jamais un nom ni une adresse."""

    id: Annotated[UUID, Field(description="Le même à chaque fois que l’événement est lu ou livré.")]
    type: EventType
    occurred_at: datetime
    position: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_POSITION,
            description="1, 2, 3 … dans votre flux, sans trou : de quoi prouver que rien ne manque.",
        ),
    ]
    subject: SubjectResource
    adviser_id: Annotated[UUID | None, Field(description="Null quand l’événement est celui d’une session entière.")]
    data: (
        RegistrationNews
        | SessionNews
        | CertificationNews
        | DueNews
        | EntitlementNews
        | ExpiringNews
        | InitialTrainingNews
        | SupportRequestNews
        | AdviserNews
        | ReturnNews
    )


class FeedPage(TypedDict):
    """`next` est donné même quand `data` est vide : gardez-le, et donnez-le à la lecture suivante."""

    data: Annotated[list[EventResource], Field(max_length=MAX_LIMIT)]
    next: Annotated[str, Field(max_length=MAX_CURSOR_LENGTH, json_schema_extra=CURSOR_SCHEMA)]
    up_to_date: Annotated[bool, Field(description="Rien ne suit pour l’instant.")]
