"""The bodies of requests about registrations."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from app.api.http.fields.field_checks import check_date_order, validation_error
from app.api.http.fields.field_types import CivilDate, Hours, Id, ModuleCodeText, Motive, Name, Reference, RequestBody
from app.domain.facts.module import ModuleCode
from app.domain.facts.registration import Attendance, Choice, Payer
from app.domain.facts.session import Session, SessionFormat
from app.use_cases.registrations.register_adviser import NewRegistration
from app.use_cases.registrations.session_venue import Venue
from app.wording.languages import Sentence

PAYER_REQUIRED = Sentence(
    fr="payer est requis pour conserver l’inscription.", en="payer is required to keep the registration."
)
PAYER_NOT_APPLICABLE = Sentence(
    fr="payer est sans objet quand on annule.", en="payer does not apply to a cancellation."
)


class SessionBody(RequestBody):
    """Une session : son premier jour décide du droit utilisé."""

    starts_on: CivilDate
    ends_on: CivilDate
    format: SessionFormat
    place: Name | None = None
    reference: Reference | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "SessionBody":
        check_date_order("starts_on", "ends_on", self.starts_on, self.ends_on)
        return self

    def to_session(self) -> Session:
        return Session(self.starts_on, self.ends_on, self.format)

    def to_venue(self) -> Venue:
        return Venue(self.place, self.reference)


class RegistrationRequest(RequestBody):
    """Une demande d’inscription. Un organisme de formation peut omettre `training_organisation_id` : le sien."""

    adviser_id: Id
    module_code: ModuleCodeText
    training_organisation_id: Id | None = None
    session: SessionBody
    requested_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None
    employer_agreement: Annotated[bool, Field(strict=True, description="Accord de l’employeur (titre complet).")] = (
        False
    )

    def to_new_registration(self, organisation: UUID) -> NewRegistration:
        return NewRegistration(
            adviser_id=self.adviser_id,
            module_code=ModuleCode(self.module_code),
            training_organisation_id=organisation,
            session=self.session.to_session(),
            requested_on=self.requested_on,
            employer_agreement=self.employer_agreement,
            venue=self.session.to_venue(),
        )


ChosenPayer = TypeAliasType("ChosenPayer", Literal[Payer.EMPLOYER, Payer.OPCO, Payer.SELF])


class ChoiceRequest(RequestBody):
    """`payer` est requis avec `keep`, parmi les payeurs proposés ; sans objet avec `cancel`."""

    choice: Choice
    payer: ChosenPayer | None = None

    @model_validator(mode="after")
    def _payer_goes_with_keep(self) -> "ChoiceRequest":
        if self.choice is Choice.KEEP and self.payer is None:
            raise validation_error("payer-required", PAYER_REQUIRED, "payer")
        if self.choice is Choice.CANCEL and self.payer is not None:
            raise validation_error("payer-not-applicable", PAYER_NOT_APPLICABLE, "payer")
        return self


class ReExaminationRequest(RequestBody):
    """Ce que la demande d’origine n’avait pas."""

    employer_agreement: Annotated[bool, Field(strict=True)] = False


class CancellationRequest(RequestBody):
    """Depuis quand, et pourquoi si vous voulez le dire."""

    cancelled_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None
    motive: Motive | None = None


class AttendanceRequest(RequestBody):
    """Ce qu’il est advenu, et pourquoi si vous voulez le dire."""

    outcome: Attendance
    motive: Motive | None = None


class PositioningTestRequest(RequestBody):
    """Le jour du test, et la durée du parcours qu’il détermine."""

    taken_on: CivilDate
    hours: Annotated[Hours, Field(description="Une des durées de parcours en vigueur.")]


class SessionPatch(RequestBody):
    """Les champs de la session qui changent ; les autres restent."""

    starts_on: CivilDate | None = None
    ends_on: CivilDate | None = None
    format: SessionFormat | None = None
    place: Name | None = None
    reference: Reference | None = None


class ReschedulingRequest(RequestBody):
    """Une fusion (RFC 7396) qui ne déplace que la session."""

    session: SessionPatch
