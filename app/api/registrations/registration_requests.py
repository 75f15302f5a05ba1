"""The bodies of requests about registrations."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from app.api.http.fields.field_checks import check_date_order, validation_error
from app.api.http.fields.field_types import CivilDate, Id, ModuleCodeText, Name, Reference, RequestBody
from app.domain.facts.module import ModuleCode
from app.domain.facts.session import Session, SessionFormat
from app.use_cases.registrations.register_adviser import NewRegistration
from app.use_cases.registrations.session_venue import Venue
from app.use_cases.sessions.register_in_session import SessionRegistration
from app.wording.languages import Sentence

SESSION_REQUIRED = Sentence(fr="session ou session_id est requis.", en="session or session_id is required.")
ONE_SESSION = Sentence(
    fr="Nommez une session publiée (session_id) ou décrivez-en une (session), pas les deux.",
    en="Name a published session (session_id) or describe one (session), not both.",
)
MODULE_REQUIRED = Sentence(
    fr="module_code est requis quand la demande porte ses dates.",
    en="module_code is required when the request carries its dates.",
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
