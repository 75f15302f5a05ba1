"""Registrations of the past from a spreadsheet. No neighbouring system keeps any: the columns are those of the API,
with how the session ended.

Only the rules that count funded rights apply, in the order of the sessions: a line is imported as it is stated, or
rejected with the reason against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.api.http.bodies.merge_patch import patched_body
from app.api.registrations.registration_action_requests import PAYER_REQUIRED
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.refusals import Reason
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module
from app.domain.facts.plausible_dates import check_fact
from app.domain.facts.registration import Request
from app.domain.facts.registration_terms import Attendance, Funding, Payer, Status
from app.domain.facts.session import Session
from app.domain.facts.training_organisation import TrainingOrganisation
from app.domain.rights.buckets import buckets_for
from app.imports.batch_context import ImportBatch, ImportDefinition, index_by_name, look_up_name
from app.imports.files.cell_content import fold_text
from app.imports.kinds.past_registration_request import PastRegistration
from app.imports.lines.adviser_matching import values_beside_person
from app.imports.lines.line_parsing import Fault, Line, LineRejected, line_rejected, nest_dotted_names
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.catalogue import read_modules, read_organisations
from app.persistence.engine.database import Transaction
from app.use_cases.changes.change_sets import ChangeSet, DirectChange
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.registrations.record_past_registration import (
    HistoricalRegistration,
    HistoricalRegistrationRefused,
    is_already_recorded,
    record_historical_registration,
    registrations_of_same_session,
)
from app.wording.decision_summaries import STATUS_LABELS, entitlement_phrase
from app.wording.refusal_labels import refusal_label

NO_RIGHT_KNOWN = (
    "Aucun droit n’est connu ce jour-là : il faut l’entrée en formation initiale ou une dispense, et un contrat dans "
    "l’année. Importez-les d’abord."
)


@dataclass(frozen=True, slots=True)
class RegistrationChanges:
    """The registrations of some advisers: their files before, and the decisions as each line leaves them."""

    batch: ImportBatch
    before: Mapping[UUID, AdviserFile]
    cascades: dict[UUID, DecisionCascade]
    modules: Mapping[str, Module]
    organisations: Mapping[str, TrainingOrganisation]
    changes_by_adviser: dict[UUID, list[DirectChange]] = field(default_factory=dict[UUID, list[DirectChange]])

    def apply_line(self, line: Line) -> bool:
        person = self.batch.people.find(line)
        adviser: UUID = person["id"]
        past = self._past_registration(line, adviser)
        cascade = self.cascades[adviser]
        if is_already_recorded(cascade.file, past):
            return False
        for item in registrations_of_same_session(cascade.file, past):
            raise line_rejected(
                f"Déjà connue ici, {STATUS_LABELS[item.status].fr} : un import ne la change pas.", "status"
            )
        _check_payer(past, in_scheme=person["in_scheme"])
        try:
            self.cascades[adviser], change = record_historical_registration(cascade, past, self.batch.context)
        except HistoricalRegistrationRefused as refused:
            raise _rejection_of(refused, cascade, past) from None
        self.changes_by_adviser.setdefault(adviser, []).append(change)
        return True

    def _past_registration(self, line: Line, adviser: UUID) -> HistoricalRegistration:
        body = patched_body(PastRegistration, {}, self._looked_up_values(line, adviser))
        session, today = body.session, self.batch.context.today
        for fact, day in (("/requested_on", body.requested_on), ("/cancelled_on", body.cancelled_on)):
            check_fact(fact, day, today)
        return HistoricalRegistration(
            Request(
                module=self.modules[fold_text(body.module_code)],
                organisation=self.organisations[fold_text(str(body.training_organisation_id))],
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

    def _looked_up_values(self, line: Line, adviser: UUID) -> dict[str, Any]:
        """The values of the line, with the codes of the module and the organisation that it names."""
        values = nest_dotted_names(values_beside_person(line))
        if module := values.get("module_code"):
            values["module_code"] = look_up_name(self.modules, module, "module_code").code
        if not values.get("training_organisation_id"):
            raise line_rejected("Ce champ est requis.", "training_organisation_id")
        organisation = look_up_name(self.organisations, values["training_organisation_id"], "training_organisation_id")
        values["training_organisation_id"] = organisation.id
        return values | {"adviser_id": adviser}

    @property
    def subjects(self) -> list[UUID]:
        return [
            *self.changes_by_adviser,
            *(change.registration for changes in self.changes_by_adviser.values() for change in changes),
        ]

    async def write(self, transaction: Transaction) -> None:
        await write_change_sets(
            transaction, *(self._change_set(adviser, changes) for adviser, changes in self.changes_by_adviser.items())
        )

    def _change_set(self, adviser: UUID, changes: list[DirectChange]) -> ChangeSet:
        return ChangeSet(self.before[adviser], self.cascades[adviser], self.batch.context, tuple(changes))


def _check_payer(past: HistoricalRegistration, *, in_scheme: bool) -> None:
    """Raise LineRejected when the payer contradicts the funding, or the scheme."""
    if past.funding is Funding.NONE and in_scheme and past.payer in {None, Payer.STATE}:
        raise line_rejected(PAYER_REQUIRED.fr, "payer")
    if past.payer is not None and (past.payer is Payer.STATE) != (past.funding is Funding.STATE):
        raise line_rejected("Le payeur et la prise en charge ne s’accordent pas.", "payer")
    if past.payer is not None and not in_scheme:
        raise line_rejected("Sans objet pour un médiateur hors dispositif.", "payer")


def _rejection_of(
    refused: HistoricalRegistrationRefused, cascade: DecisionCascade, past: HistoricalRegistration
) -> LineRejected:
    """The reasons; when no funded right was left, the rights known on that day."""
    if refused.funding is not None:
        expected = "financée par l’État" if refused.funding is Funding.STATE else "sans prise en charge"
        return line_rejected(f"Selon les règles, elle aurait été {expected}.", "funding")
    if not any(refusal.code is Reason.MODULE_QUOTA_EXCEEDED for refusal in refused.refusals):
        return LineRejected(*(Fault(refusal_label(refusal).fr, "funding") for refusal in refused.refusals))
    request, day = past.request, past.request.session.starts_on
    rights = buckets_for(cascade.file, request.module, day, cascade.policies.on(day))
    if not rights:
        return line_rejected(NO_RIGHT_KNOWN, "funding")
    used = ", ".join(entitlement_phrase(bucket.name).fr for bucket in rights)
    return line_rejected(f"Il ne reste rien {used}.", "funding")


async def start_registration_changes(
    transaction: Transaction, batch: ImportBatch, _: Sequence[Line]
) -> RegistrationChanges:
    files = await files_by_id(transaction, batch.people.ids)
    modules, organisations = await read_modules(transaction), await read_organisations(transaction)
    return RegistrationChanges(
        batch,
        files,
        {adviser: DecisionCascade(file, batch.policies) for adviser, file in files.items()},
        index_by_name((item, (item.code, title)) for item, title in modules),
        index_by_name((item, (str(item.id), name)) for item, name in organisations),
    )


def sort_by_session(line: Line) -> date:
    """The session that began first uses the right."""
    return line.values.get("session.starts_on") or date.max


REGISTRATION_IMPORT = ImportDefinition("adviser_id", sort_by_session, start_registration_changes)
