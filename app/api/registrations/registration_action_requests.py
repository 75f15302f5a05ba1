"""The bodies of actions on a registration."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from app.api.http.fields.field_checks import validation_error
from app.api.http.fields.field_types import CivilDate, Hours, Id, Motive, Name, Reference, RequestBody
from app.api.registrations.registration_requests import ONE_SESSION, SESSION_REQUIRED, Regularisation
from app.domain.decisions.refusals import Reason
from app.domain.facts.registration_terms import Choice, Funding, Payer
from app.domain.facts.session import SessionFormat
from app.use_cases.registrations.cancel_registration import Cancellation
from app.use_cases.registrations.derogate_registration import Derogation
from app.use_cases.registrations.reexamine_registration import AdviserNotice
from app.wording.languages import Sentence

PAYER_REQUIRED = Sentence(
    fr="payer est requis pour conserver l’inscription.", en="payer is required to keep the registration."
)
PAYER_NOT_APPLICABLE = Sentence(
    fr="payer est sans objet quand on annule.", en="payer does not apply to a cancellation."
)
STATE_PAYS = Sentence(fr="payer est sans objet quand l’État finance.", en="payer does not apply when the State pays.")


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
    """Le jour où le conseiller l’a signalé, et ce que la demande d’origine n’avait pas."""

    employer_agreement: Annotated[bool, Field(strict=True)] = False
    notified_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None

    def to_notice(self) -> AdviserNotice:
        return AdviserNotice(self.notified_on, self.employer_agreement)


class CancellationRequest(RequestBody):
    """Depuis quand, et pourquoi si vous voulez le dire."""

    cancelled_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None
    motive: Motive | None = None
    regularisation: Regularisation = False

    def to_cancellation(self) -> Cancellation:
        return Cancellation(self.cancelled_on, self.motive, self.regularisation)


class DerogationRequest(RequestBody):
    """Les motifs que vous écartez, qui paie, et pourquoi."""

    waived: Annotated[list[Reason], Field(max_length=len(Reason))]
    funding: Funding
    payer: Annotated[ChosenPayer | None, Field(description="Qui paie quand l’État ne finance pas.")] = None
    motive: Motive

    @model_validator(mode="after")
    def _payer_goes_without_funding(self) -> "DerogationRequest":
        if self.funding is Funding.STATE and self.payer is not None:
            raise validation_error("payer-not-applicable", STATE_PAYS, "payer")
        return self

    def to_derogation(self) -> Derogation:
        return Derogation(tuple(self.waived), self.funding, self.payer, self.motive)


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
    """Une fusion (RFC 7396) qui ne déplace que la session : vers une session publiée (`session_id`), ou vers d’autres
    dates, hors de toute session publiée."""

    session: SessionPatch | None = None
    session_id: Id | None = None
    regularisation: Regularisation = False

    @model_validator(mode="after")
    def _moves_once(self) -> "ReschedulingRequest":
        if self.session_id is None and self.session is None:
            raise validation_error("missing", SESSION_REQUIRED, "session")
        if self.session_id is not None and self.session is not None:
            raise validation_error("not-allowed", ONE_SESSION, "session")
        return self
