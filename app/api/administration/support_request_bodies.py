"""The bodies of requests about support requests: what is asked of a person, and what that person answers."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from app.api.http.fields.field_checks import validation_error, with_message
from app.api.http.fields.field_types import BucketName, CivilDate, Id, Motive, RequestBody
from app.api.registrations.attendance_schemas import MAX_MISSED_DAYS, MissedDayBody
from app.api.registrations.registration_action_requests import STATE_PAYS, ChosenPayer
from app.domain.decisions.refusals import Reason
from app.domain.facts.registration_terms import Attendance, Funding
from app.domain.facts.support_request import SupportRequestKind
from app.use_cases.registrations.derogate_registration import Derogation
from app.use_cases.registrations.record_attendance import AttendanceReport
from app.use_cases.support.answer_support_request import SupportAnswer
from app.use_cases.support.open_support_request import NewSupportRequest
from app.use_cases.support.support_effects import (
    AnnulmentEffect,
    AttendanceEffect,
    CarryOverEffect,
    DerogationEffect,
    Effect,
)
from app.wording.languages import Sentence

PERIOD = Sentence(
    fr="Une période d’obligation : first_year, civil_year:2026 ou initial_training.",
    en="The period of an obligation: first_year, civil_year:2026 or initial_training.",
)
ONE_EFFECT = Sentence(fr="Un effet et un seul, ou null.", en="One effect and only one, or null.")
REJECTED_WITHOUT_EFFECT = Sentence(
    fr="Une demande rejetée n’a pas d’effet.", en="A request that is rejected has no effect."
)

PeriodName = Annotated[
    str,
    StringConstraints(pattern=r"^(first_year|civil_year:[0-9]{4}|initial_training)$", max_length=20, strict=True),
    with_message(PERIOD),
]
OwnMotive = Annotated[Motive | None, Field(description="Celui de la réponse par défaut.")]
OwnRegistration = Annotated[Id | None, Field(description="L’inscription de la demande par défaut.")]


class SupportRequestRequest(RequestBody):
    """Ce qu’une personne doit examiner. N’écrivez que ce qui sert : aucun diagnostic n’est nécessaire."""

    kind: SupportRequestKind
    adviser_id: Id
    registration_id: Id | None = None
    certification_id: Id | None = None
    bucket: Annotated[BucketName | None, Field(description="Le droit dont il s’agit.")] = None
    period: Annotated[
        PeriodName | None, Field(description="La période dont les modules, ou la formation initiale, sont justifiés.")
    ] = None
    text: Motive

    def to_new_request(self) -> NewSupportRequest:
        return NewSupportRequest(
            self.adviser_id,
            self.kind,
            self.text,
            self.registration_id,
            self.certification_id,
            self.bucket,
            self.period,
        )


class DerogationBody(RequestBody):
    """L’inscription devient acceptée ; chaque motif écarté est nommé."""

    waived: Annotated[list[Reason], Field(max_length=len(Reason))]
    funding: Funding
    payer: Annotated[ChosenPayer | None, Field(description="Qui paie quand l’État ne finance pas.")] = None
    motive: OwnMotive = None
    registration_id: OwnRegistration = None

    @model_validator(mode="after")
    def _payer_goes_without_funding(self) -> "DerogationBody":
        if self.funding is Funding.STATE and self.payer is not None:
            raise validation_error("payer-not-applicable", STATE_PAYS, "payer")
        return self

    def to_effect(self, motive: str) -> DerogationEffect:
        derogation = Derogation(tuple(self.waived), self.funding, self.payer, self.motive or motive)
        return DerogationEffect(derogation, self.registration_id)


class CarryOverBody(RequestBody):
    """Des unités d’un droit passent à l’année suivante."""

    bucket: Annotated[BucketName | None, Field(description="Le droit de la demande par défaut.")] = None
    units: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    motive: OwnMotive = None
    decided_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None

    def to_effect(self, motive: str) -> CarryOverEffect:
        return CarryOverEffect(self.bucket, self.units, self.motive or motive, self.decided_on)


class AttendanceBody(RequestBody):
    """L’assiduité est rectifiée. Une absence justifiée nomme un motif que la politique liste ; sinon, celui de la
    réponse par défaut."""

    outcome: Attendance
    motive: Motive | None = None
    note: Motive | None = None
    absences: Annotated[list[MissedDayBody] | None, Field(max_length=MAX_MISSED_DAYS)] = None
    registration_id: OwnRegistration = None

    def to_effect(self, motive: str) -> AttendanceEffect:
        days = None if self.absences is None else tuple(day.to_missed_day() for day in self.absences)
        otherwise = None if self.outcome is Attendance.ABSENT_JUSTIFIED else motive
        return AttendanceEffect(
            AttendanceReport(self.outcome, self.motive or otherwise, self.note, days), self.registration_id
        )


class AnnulmentBody(RequestBody):
    """Le résultat d’examen est annulé."""

    motive: OwnMotive = None
    certification_id: Annotated[Id | None, Field(description="Le résultat de la demande par défaut.")] = None

    def to_effect(self, motive: str) -> AnnulmentEffect:
        return AnnulmentEffect(self.motive or motive, self.certification_id)


class SupportEffectBody(RequestBody):
    """Ce que la réponse fait aussitôt : un seul des quatre."""

    derogation: DerogationBody | None = None
    carry_over: CarryOverBody | None = None
    attendance: AttendanceBody | None = None
    annulment: AnnulmentBody | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "SupportEffectBody":
        if len(self._given()) != 1:
            raise validation_error("one-effect", ONE_EFFECT)
        return self

    def _given(self) -> list[DerogationBody | CarryOverBody | AttendanceBody | AnnulmentBody]:
        each = (self.derogation, self.carry_over, self.attendance, self.annulment)
        return [body for body in each if body is not None]

    def to_effect(self, motive: str) -> Effect:
        (body,) = self._given()
        return body.to_effect(motive)


class SupportAnswerRequest(RequestBody):
    """La réponse d’une personne, et pourquoi ; `effect` null : rien d’autre n’est fait."""

    granted: Annotated[bool, Field(strict=True)]
    motive: Motive
    effect: SupportEffectBody | None = None

    @model_validator(mode="after")
    def _effect_goes_with_granted(self) -> "SupportAnswerRequest":
        if self.effect is not None and not self.granted:
            raise validation_error("effect-not-applicable", REJECTED_WITHOUT_EFFECT, "effect")
        return self

    def to_answer(self) -> SupportAnswer:
        return SupportAnswer(self.granted, self.motive, self.effect.to_effect(self.motive) if self.effect else None)
