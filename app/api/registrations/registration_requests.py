"""The bodies of requests about registrations."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from app.api.http.fields.field_checks import check_date_order, validation_error
from app.api.http.fields.field_types import CivilDate, Hours, Id, ModuleCodeText, Motive, Name, Reference, RequestBody
from app.domain.decisions.refusals import Reason
from app.domain.facts.module import ModuleCode
from app.domain.facts.registration_terms import Choice, Funding, Payer
from app.domain.facts.session import Session, SessionFormat
from app.use_cases.registrations.cancel_registration import Cancellation
from app.use_cases.registrations.derogate_registration import Derogation
from app.use_cases.registrations.reexamine_registration import AdviserNotice
from app.use_cases.registrations.register_adviser import NewRegistration
from app.use_cases.registrations.session_venue import Venue
from app.use_cases.sessions.register_in_session import SessionRegistration
from app.wording.languages import Sentence

PAYER_REQUIRED = Sentence(
    fr="payer est requis pour conserver l’inscription.", en="payer is required to keep the registration."
)
PAYER_NOT_APPLICABLE = Sentence(
    fr="payer est sans objet quand on annule.", en="payer does not apply to a cancellation."
)

SESSION_REQUIRED = Sentence(fr="session ou session_id est requis.", en="session or session_id is required.")
ONE_SESSION = Sentence(
    fr="Nommez une session publiée (session_id) ou décrivez-en une (session), pas les deux.",
    en="Name a published session (session_id) or describe one (session), not both.",
)
MODULE_REQUIRED = Sentence(
    fr="module_code est requis quand la demande porte ses dates.",
    en="module_code is required when the request carries its dates.",
)
STATE_PAYS = Sentence(fr="payer est sans objet quand l’État finance.", en="payer does not apply when the State pays.")


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


Regularisation = Annotated[
    bool,
    Field(strict=True, description="La session a commencé : la demande consigne le passé, personne n’a à y réagir."),
]


class RegistrationDetails(RequestBody):
    """Ce que dit une demande d’inscription, à une session publiée comme à des dates qu’elle porte."""

    adviser_id: Id
    training_organisation_id: Id | None = None
    requested_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None
    employer_agreement: Annotated[bool, Field(strict=True, description="Accord de l’employeur (titre complet).")] = (
        False
    )
    regularisation: Regularisation = False


class RegistrationRequest(RegistrationDetails):
    """Une demande d’inscription, à une session publiée (`session_id`), dont le module et l’organisme sont alors ceux de
    la session, ou à des dates qu’elle porte (`session`). Un organisme de formation peut omettre
    `training_organisation_id` : le sien."""

    module_code: Annotated[ModuleCodeText | None, Field(description="Inutile avec `session_id`.")] = None
    session: SessionBody | None = None
    session_id: Annotated[Id | None, Field(description="Une session publiée, à la place de `session`.")] = None

    @model_validator(mode="after")
    def _names_one_session(self) -> "RegistrationRequest":
        if self.session_id is None and self.session is None:
            raise validation_error("missing", SESSION_REQUIRED, "session")
        if self.session_id is not None and self.session is not None:
            raise validation_error("not-allowed", ONE_SESSION, "session")
        if self.session_id is None and self.module_code is None:
            raise validation_error("missing", MODULE_REQUIRED, "module_code")
        return self

    def to_new_registration(self, organisation: UUID | None) -> NewRegistration:
        """Of one that carries its dates. Raise ValueError otherwise."""
        if self.session is None or self.module_code is None or organisation is None:
            raise ValueError(self.session_id)
        return NewRegistration(
            adviser_id=self.adviser_id,
            module_code=ModuleCode(self.module_code),
            training_organisation_id=organisation,
            session=self.session.to_session(),
            requested_on=self.requested_on,
            employer_agreement=self.employer_agreement,
            venue=self.session.to_venue(),
            regularisation=self.regularisation,
        )

    def to_session_registration(self, session: UUID, organisation: UUID | None) -> SessionRegistration:
        """Of one that names a published session. `organisation` is the caller's own when none is named."""
        return SessionRegistration(
            adviser_id=self.adviser_id,
            session_id=session,
            module_code=ModuleCode(self.module_code) if self.module_code is not None else None,
            training_organisation_id=organisation,
            requested_on=self.requested_on,
            employer_agreement=self.employer_agreement,
            regularisation=self.regularisation,
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
