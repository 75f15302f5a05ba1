"""Registrations of the past from a spreadsheet. No neighbouring system keeps any: the columns are those of the API,
with how the session ended.

Of the rules, those of the ledger are applied, in the order of the sessions, on what is known of the adviser: a line is
imported as it is stated, or rejected with what stands against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import model_validator

from app.api.http.bodies.merge_patch import patched_body
from app.api.http.fields.field_types import CivilDate, Motive, validation_error
from app.api.registrations.registration_requests import PAYER_REQUIRED, RegistrationRequest
from app.domain.decisions.decision_cascade import Proceedings
from app.domain.decisions.entitlements import buckets_for
from app.domain.decisions.refusals import Reason
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module
from app.domain.facts.registration import Attendance, Funding, Payer, Request, Status
from app.domain.facts.session import Session
from app.domain.facts.training_organisation import TrainingOrganisation
from app.imports.adviser_matching import OF_PERSON, Who
from app.imports.batch import Desk, Kind, by_name, named
from app.imports.files.cell_content import folded
from app.imports.kinds.registration_columns import COLUMNS
from app.imports.line_parsing import Fault, Line, Rejected, nested, rejected
from app.persistence.advisers.adviser_files import files_by_id, read_modules, read_organisations
from app.persistence.engine.database import Transaction
from app.use_cases.registrations.record_past_registration import (
    NotRecognised,
    Past,
    is_known,
    of_same_session,
    recognised,
)
from app.use_cases.write_outcome import Conclusion, Deed, conclude
from app.wording.decision_summaries import STATUS_LABELS, entitlement_phrase
from app.wording.languages import Sentence
from app.wording.refusals import refusal_label

ENDED = Literal[Status.COMPLETED, Status.ABSENT_JUSTIFIED, Status.ABSENT_UNJUSTIFIED, Status.CANCELLED]

FUNDING_REQUIRED = Sentence(fr="funding est requis : state ou none.", en="funding is required: state or none.")
CANCELLED_ON_REQUIRED = Sentence(
    fr="cancelled_on est requis pour une inscription annulée.",
    en="cancelled_on is required for a cancelled registration.",
)


NO_RIGHT = (
    "Aucun droit n’est connu ce jour-là : il faut l’entrée en formation initiale ou une dispense, et un contrat dans "
    "l’année. Importez-les d’abord."
)


class PastRegistration(RegistrationRequest):
    """A registration whose session was held before this service knew of it."""

    status: ENDED
    funding: Funding | None = None
    payer: Payer | None = None
    cancelled_on: CivilDate | None = None
    motive: Motive | None = None

    @model_validator(mode="after")
    def _says_how_it_ended(self) -> "PastRegistration":
        held = self.status in {Status.COMPLETED, Status.ABSENT_UNJUSTIFIED}
        if held and self.funding is None:
            raise validation_error("funding-required", FUNDING_REQUIRED, "funding")
        if (self.status is Status.CANCELLED) and self.cancelled_on is None:
            raise validation_error("cancelled-on-required", CANCELLED_ON_REQUIRED, "cancelled_on")
        return self


@dataclass(frozen=True, slots=True)
class Registrations:
    """The registrations of some advisers: their files before, and the state in which each line leaves them."""

    desk: Desk
    before: Mapping[UUID, AdviserFile]
    states: dict[UUID, Proceedings]
    modules: Mapping[str, Module]
    organisations: Mapping[str, TrainingOrganisation]
    deeds: dict[UUID, list[Deed]] = field(default_factory=dict[UUID, list[Deed]])

    def take(self, line: Line) -> bool:
        person = self.desk.people.known(Who.named_by(line.values, "adviser_id"))
        adviser: UUID = person["id"]
        past = self._past(line, adviser)
        state = self.states[adviser]
        if is_known(state.file, past):
            return False
        for item in of_same_session(state.file, past):
            raise rejected(f"Déjà connue ici, {STATUS_LABELS[item.status].fr} : un import ne la change pas.", "status")
        _check_payer(past, in_scheme=person["in_scheme"])
        try:
            self.states[adviser], deed = recognised(state, past, self.desk.asked)
        except NotRecognised as refused:
            raise _explained(refused, state, past) from None
        self.deeds.setdefault(adviser, []).append(deed)
        return True

    def _past(self, line: Line, adviser: UUID) -> Past:
        body = patched_body(PastRegistration, {}, self._said(line, adviser))
        session = body.session
        return Past(
            Request(
                module=self.modules[folded(body.module_code)],
                organisation=self.organisations[folded(str(body.training_organisation_id))],
                session=Session(session.starts_on, session.ends_on, session.format),
                requested_on=body.requested_on or session.starts_on,
                employer_agreement=body.employer_agreement,
            ),
            attendance=None if body.status is Status.CANCELLED else Attendance(body.status),
            funding=body.funding,
            payer=body.payer,
            cancelled_on=body.cancelled_on,
            columns={"motive": body.motive, "session_place": session.place, "session_reference": session.reference},
        )

    def _said(self, line: Line, adviser: UUID) -> dict[str, Any]:
        """With the codes of what is named."""
        said = nested({name: value for name, value in line.values.items() if name not in OF_PERSON})
        if module := said.get("module_code"):
            said["module_code"] = named(self.modules, module, "module_code").code
        if not said.get("training_organisation_id"):
            raise rejected("Ce champ est requis.", "training_organisation_id")
        organisation = named(self.organisations, said["training_organisation_id"], "training_organisation_id")
        said["training_organisation_id"] = organisation.id
        return said | {"adviser_id": adviser}

    @property
    def subjects(self) -> list[UUID]:
        return [*self.deeds, *(deed.registration for deeds in self.deeds.values() for deed in deeds)]

    async def write(self, transaction: Transaction) -> None:
        await conclude(transaction, *(self._conclusion(adviser, deeds) for adviser, deeds in self.deeds.items()))

    def _conclusion(self, adviser: UUID, deeds: list[Deed]) -> Conclusion:
        return Conclusion(self.before[adviser], self.states[adviser], self.desk.asked, tuple(deeds))


def _check_payer(past: Past, *, in_scheme: bool) -> None:
    """Somebody else than the State pays what it does not, but for a mediator outside the scheme. Raise Rejected."""
    if past.funding is Funding.NONE and in_scheme and past.payer in {None, Payer.STATE}:
        raise rejected(PAYER_REQUIRED.fr, "payer")
    if past.payer is not None and (past.payer is Payer.STATE) != (past.funding is Funding.STATE):
        raise rejected("Le payeur et la prise en charge ne s’accordent pas.", "payer")
    if past.payer is not None and not in_scheme:
        raise rejected("Sans objet pour un médiateur hors dispositif.", "payer")


def _explained(refused: NotRecognised, state: Proceedings, past: Past) -> Rejected:
    """With the rights known on that day, when there was none left."""
    if refused.funding is not None:
        expected = "financée par l’État" if refused.funding is Funding.STATE else "sans prise en charge"
        return rejected(f"Selon les règles, elle aurait été {expected}.", "funding")
    if not any(refusal.code is Reason.MODULE_QUOTA_EXCEEDED for refusal in refused.refusals):
        return Rejected(*(Fault(refusal_label(refusal).fr, "funding") for refusal in refused.refusals))
    request, day = past.request, past.request.session.starts_on
    rights = buckets_for(state.file, request.module, day, state.policies.on(day))
    if not rights:
        return rejected(NO_RIGHT, "funding")
    used = ", ".join(entitlement_phrase(bucket.name).fr for bucket in rights)
    return rejected(f"Il ne reste rien {used}.", "funding")


async def start(transaction: Transaction, desk: Desk, _: Sequence[Line]) -> Registrations:
    files = await files_by_id(transaction, desk.people.ids)
    modules, organisations = await read_modules(transaction), await read_organisations(transaction)
    return Registrations(
        desk,
        files,
        {adviser: Proceedings(file, desk.policies) for adviser, file in files.items()},
        by_name((item, (item.code, title)) for item, title in modules),
        by_name((item, (str(item.id), name)) for item, name in organisations),
    )


def order(line: Line) -> date:
    """A right is used by whoever's session began first."""
    return line.values.get("session.starts_on") or date.max


REGISTRATIONS_KIND = Kind(COLUMNS, "adviser_id", order, start)
