"""What is asked of registrations, field by field (api.md, Registrations)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from app.api.fields import Body, CivilDate, ModuleCodeText, Motive, Name, Reference
from app.domain.module import ModuleCode
from app.domain.registration import Attendance, Choice, Payer
from app.domain.session import Session, SessionFormat
from app.use_cases.register import Demand

# It succeeds on the demonstration data: Inès Quéméner has not used her right of 2026.
EXAMPLE: dict[str, JsonValue] = {
    "adviser_id": "76c6dae1-74b7-5a57-8ca1-82fa3b04634d",
    "module_code": "parentalite-numerique",
    "training_organisation_id": "a02e0122-c66e-5634-aa81-ec4e6499f818",
    "session": {"starts_on": "2026-12-08", "ends_on": "2026-12-08", "format": "remote"},
    "requested_on": "2026-11-02",
}


class SessionBody(Body):
    """Une session : son premier jour décide du droit utilisé."""

    starts_on: CivilDate
    ends_on: CivilDate
    format: SessionFormat
    place: Name | None = None
    reference: Reference | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "SessionBody":
        if self.ends_on < self.starts_on:
            raise PydanticCustomError("order", "ends_on précède starts_on")
        return self

    def to_session(self) -> Session:
        return Session(self.starts_on, self.ends_on, self.format, self.place, self.reference)


class RegistrationRequest(Body):
    """Une demande d’inscription. Un organisme de formation peut omettre `training_organisation_id` : le sien."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    adviser_id: UUID
    module_code: ModuleCodeText
    training_organisation_id: UUID | None = None
    session: SessionBody
    requested_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None
    employer_agreement: Annotated[bool, Field(strict=True, description="Accord de l’employeur (titre complet).")] = (
        False
    )

    def to_demand(self, organisation: UUID) -> Demand:
        return Demand(
            adviser_id=self.adviser_id,
            module_code=ModuleCode(self.module_code),
            training_organisation_id=organisation,
            session=self.session.to_session(),
            requested_on=self.requested_on,
            employer_agreement=self.employer_agreement,
        )


class ChoiceRequest(Body):
    """`payer` est requis avec `keep`, parmi les payeurs proposés ; sans objet avec `cancel`."""

    choice: Choice
    payer: Literal[Payer.EMPLOYER, Payer.OPCO, Payer.SELF] | None = None

    @model_validator(mode="after")
    def _payer_goes_with_keep(self) -> "ChoiceRequest":
        if self.choice is Choice.KEEP and self.payer is None:
            raise PydanticCustomError("payer_required", "payer est requis pour conserver l’inscription")
        if self.choice is Choice.CANCEL and self.payer is not None:
            raise PydanticCustomError("payer_not_applicable", "payer est sans objet quand on annule")
        return self


class ReExaminationRequest(Body):
    """Ce que la demande d’origine n’avait pas."""

    employer_agreement: Annotated[bool, Field(strict=True)] = False


class CancellationRequest(Body):
    cancelled_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None
    motive: Motive | None = None


class AttendanceRequest(Body):
    outcome: Attendance
    motive: Motive | None = None


class PositioningTestRequest(Body):
    taken_on: CivilDate
    hours: Annotated[int, Field(strict=True, ge=1, le=2000)]


class SessionPatch(Body):
    """Les champs de la session qui changent ; les autres restent."""

    starts_on: CivilDate | None = None
    ends_on: CivilDate | None = None
    format: SessionFormat | None = None
    place: Name | None = None
    reference: Reference | None = None


class ReschedulingRequest(Body):
    """Une fusion (RFC 7396) qui ne déplace que la session."""

    session: SessionPatch
