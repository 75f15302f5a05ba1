"""A past registration as a line states it: the request of the API, and how the session ended."""

from typing import Literal

from pydantic import model_validator

from app.api.http.fields.field_checks import validation_error
from app.api.http.fields.field_types import CivilDate, ModuleCodeText, Motive
from app.api.registrations.registration_requests import RegistrationDetails, SessionBody
from app.domain.facts.registration_terms import Funding, Payer, Status
from app.wording.languages import Sentence

EndedStatus = Literal[Status.COMPLETED, Status.ABSENT_JUSTIFIED, Status.ABSENT_UNJUSTIFIED, Status.CANCELLED]

FUNDING_REQUIRED = Sentence(fr="funding est requis : state ou none.", en="funding is required: state or none.")
CANCELLED_ON_REQUIRED = Sentence(
    fr="cancelled_on est requis pour une inscription annulée.",
    en="cancelled_on is required for a cancelled registration.",
)


class PastRegistration(RegistrationDetails):
    """`status` is how it ended. Raise a validation error when what its status requires is missing."""

    module_code: ModuleCodeText
    session: SessionBody
    status: EndedStatus
    funding: Funding | None = None
    payer: Payer | None = None
    cancelled_on: CivilDate | None = None
    motive: Motive | None = None

    @model_validator(mode="after")
    def _says_how_it_ended(self) -> "PastRegistration":
        uses_its_place = self.status in {Status.COMPLETED, Status.ABSENT_UNJUSTIFIED}
        if uses_its_place and self.funding is None:
            raise validation_error("funding-required", FUNDING_REQUIRED, "funding")
        if (self.status is Status.CANCELLED) and self.cancelled_on is None:
            raise validation_error("cancelled-on-required", CANCELLED_ON_REQUIRED, "cancelled_on")
        return self
