"""Exam results and qualifications: what is asked, and what is shown."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_fields
from app.api.http.bodies.resource_responses import ToResource
from app.api.http.fields import field_types
from app.api.http.fields.field_types import MAX_COUNT, CivilDate, DisplayText, Id, ModuleCodeText, Motive, Name, Version
from app.api.http.problems.problem_details import ProblemResource
from app.domain.facts.certification import CertificationOutcome, NextAttemptPayer
from app.domain.record.exam_presentations import Presentation, PresentationStatus
from app.persistence.engine.driver_types import Row
from app.wording.languages import Language, Sentence
from app.wording.training_records import replacement_sentence

MAX_PARTS = 50  # a title of the catalogue has three
HIDDEN_FROM_OTHER_ORGANISATIONS = {"motive": None, "training_organisation_id": None}
OTHER_ORGANISATION = Sentence(
    fr="Un organisme de formation n’enregistre que ses propres résultats.",
    en="A training organisation records only its own results.",
)
MAX_JURY_RESULTS = 300  # a jury has some dozens of candidates, and a body holds a thousand results

AbsenceMotive = TypeAliasType("AbsenceMotive", Literal["medical_certificate", "force_majeure", "covid_positive_test"])
Replacement = Annotated[
    DisplayText | None,
    Field(
        description="Où demander le duplicata d’un certificat obtenu et perdu ; null quand les textes publiés ne le "
        "disent pas."
    ),
]


class CertificationRequest(field_types.RequestBody):
    """Un résultat d’examen, ou une certification qui dispense de formation initiale."""

    adviser_id: Id
    qualification: Annotated[ModuleCodeText, Field(description="Un code de GET /v1/qualifications.")]
    outcome: CertificationOutcome
    on: CivilDate
    motive: Annotated[AbsenceMotive | None, Field(description="Motif d’une absence justifiée.")] = None
    training_organisation_id: Annotated[
        Id | None, Field(description="Qui a présenté le conseiller ; pour un organisme, le sien par défaut.")
    ] = None


class JuryResultsRequest(field_types.RequestBody):
    """Les résultats d’un jury. Une ligne que les règles refusent n’empêche pas les autres."""

    data: Annotated[list[CertificationRequest], Field(min_length=1, max_length=MAX_JURY_RESULTS)]


class AnnulmentRequest(field_types.RequestBody):
    """Pourquoi le résultat ne compte plus : une erreur de saisie, une fraude, une décision du jury."""

    motive: Motive


class AnnulmentResource(TypedDict):
    """L’annulation d’un résultat ; `motive` est null pour un autre organisme, et une fois le conseiller anonymisé."""

    on: date
    motive: Motive | None


class CertificationResource(TypedDict):
    """`next_attempt_payer` dit qui paie une nouvelle présentation ; null quand il n’y en a pas à prévoir.

    `annulled` : le résultat reste dans l’historique et ne compte plus ; null tant qu’il compte. D’un résultat qui n’est
    pas le sien, un organisme de formation ne lit ni motif ni organisme.
    """

    id: UUID
    adviser_id: UUID
    qualification: ModuleCodeText
    outcome: CertificationOutcome
    on: date
    motive: AbsenceMotive | None
    training_organisation_id: UUID | None
    attempt: Annotated[int, Field(ge=1, le=MAX_COUNT, description="La combientième présentation.")]
    next_attempt_payer: NextAttemptPayer | None
    replacement: Replacement
    annulled: AnnulmentResource | None
    version: Version
    created_at: datetime
    updated_at: datetime


class JuryLineResource(TypedDict):
    """Le résultat d’une ligne, ou ce qui l’a refusée ; les `pointer` du problème sont ceux du corps de la demande."""

    index: Annotated[int, Field(ge=0, le=MAX_JURY_RESULTS - 1, description="La place de la ligne, à partir de 0.")]
    certification: CertificationResource | None
    problem: ProblemResource | None


class JuryResultsResource(TypedDict):
    """Une ligne par ligne envoyée, dans le même ordre."""

    data: Annotated[list[JuryLineResource], Field(max_length=MAX_JURY_RESULTS)]


class DueCertificationResource(TypedDict):
    """Un examen à présenter après la formation initiale, et qui paie la prochaine présentation."""

    adviser_id: UUID
    qualification: ModuleCodeText
    status: PresentationStatus
    due_on: date
    next_attempt_payer: Annotated[NextAttemptPayer | None, Field(description="Null une fois l’examen obtenu.")]


class QualificationResource(TypedDict):
    """Un titre ou certificat : ce qu’il contient, et s’il dispense de formation initiale."""

    code: ModuleCodeText
    title: Name
    contains: Annotated[list[ModuleCodeText], Field(max_length=MAX_PARTS)]
    exempts_from_initial_training: bool
    valid_from: date | None
    valid_until: date | None


def replacement_text(qualification: str, language: Language) -> str | None:
    """Where a certificate that was obtained is replaced when it is lost; None when the published texts do not say."""
    sentence = replacement_sentence(qualification)
    return sentence.in_language(language) if sentence else None


def certification_resource(row: Row, language: Language, owner: UUID | None) -> dict[str, Any]:
    """The shape of CertificationResource. The motive of an absence may tell of somebody's health: of the training
    organisations, only the one that recorded the result reads it (`owner` is the one that asks)."""
    may_see_motive = owner is None or str(row["training_organisation_id"]) == str(owner)  # a page has it as a text
    annulment = _annulment(row, may_see_motive=may_see_motive)
    holds = row["outcome"] == CertificationOutcome.OBTAINED and annulment is None
    return {
        **resource_fields(row, CertificationResource),
        **({} if may_see_motive else HIDDEN_FROM_OTHER_ORGANISATIONS),
        "replacement": replacement_text(row["qualification"], language) if holds else None,
        "annulled": annulment,
    }


def _annulment(row: Row, *, may_see_motive: bool) -> AnnulmentResource | None:
    if row["annulled_on"] is None:
        return None
    return {"on": row["annulled_on"], "motive": row["annulled_motive"] if may_see_motive else None}


def resource_as_seen(authorised: AuthorisedRequest) -> ToResource:
    """How a result is shown to this caller."""
    return partial(certification_resource, language=authorised.language, owner=authorised.owner)


def due_certification_resource(row: Row) -> DueCertificationResource:
    presentation: Presentation = row["found"]
    return {
        "adviser_id": row["adviser_id"],
        "qualification": presentation.qualification,
        "status": presentation.status,
        "due_on": presentation.due_on,
        "next_attempt_payer": presentation.next_attempt_payer,
    }
