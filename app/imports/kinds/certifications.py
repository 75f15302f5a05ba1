"""Exam results from a spreadsheet, one to a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.api.certifications.certification_schemas import OTHER_ORGANISATION, CertificationRequest
from app.api.http.bodies.merge_patch import patched_body
from app.domain.facts.certification import Qualification
from app.domain.facts.training_organisation import TrainingOrganisation
from app.imports.batch_context import ImportBatch, ImportDefinition, index_by_name, look_up_name
from app.imports.lines.adviser_matching import values_beside_person
from app.imports.lines.line_parsing import Line, LineRejected, line_rejected
from app.persistence import certifications
from app.persistence.administration.client_role import Role
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.catalogue import QUALIFICATIONS, read_organisations, read_qualifications
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.use_cases.certifications.result_ledger import ExamResult, ResultLedger
from app.wording.dates import format_day

ResultKey = tuple[UUID, str, date]
"""The adviser, the code of the qualification and the day: one result that counts has them."""


@dataclass(frozen=True, slots=True)
class CertificationChanges:
    """The results of some advisers. `known` are those stored and those of the lines before: of one key, the one that
    counts, else one that was annulled."""

    batch: ImportBatch
    ledger: ResultLedger
    known: dict[ResultKey, Row]
    qualifications: Mapping[str, Qualification]
    organisations: Mapping[str, TrainingOrganisation]

    def apply_line(self, line: Line) -> bool:
        result = self._result(line, self.batch.people.find(line)["id"])
        key = result.adviser_id, result.qualification, result.on
        present = self._own(self.known.get(key))
        if present is not None and present["outcome"] == result.outcome and present["annulled_on"] is not None:
            raise _annulled(present)
        if present is not None and present["annulled_on"] is None:
            _check_not_contradicted(present, result)
            return False
        self.known[key] = self.ledger.record(result)
        return True

    def _own(self, present: Row | None) -> Row | None:
        """Without what another organisation recorded: one by one, it is only said that there is such a result."""
        owner = self.batch.context.client.training_organisation_id
        is_foreign = present is not None and owner not in {None, present["training_organisation_id"]}
        return None if is_foreign else present

    def _recording_organisation(self, named: UUID | None) -> UUID | None:
        """A training organisation records its own results only. Raise LineRejected."""
        owner = self.batch.context.client.training_organisation_id
        if owner is not None and named not in {None, owner}:
            raise line_rejected(OTHER_ORGANISATION.fr, "training_organisation_id")
        return owner or named

    def _result(self, line: Line, adviser: UUID) -> ExamResult:
        values = values_beside_person(line)
        if title := values.get("qualification"):
            values["qualification"] = look_up_name(self.qualifications, title, "qualification").code
        if organisation := values.get("training_organisation_id"):
            values["training_organisation_id"] = look_up_name(
                self.organisations, organisation, "training_organisation_id"
            ).id
        body = patched_body(CertificationRequest, {}, values | {"adviser_id": adviser})
        organisation = self._recording_organisation(body.training_organisation_id)
        return ExamResult(adviser, body.qualification, body.outcome, body.on, body.motive, organisation)

    @property
    def subjects(self) -> list[UUID]:
        return self.ledger.subjects

    async def write(self, transaction: Transaction) -> None:
        await self.ledger.write(transaction)


def _check_not_contradicted(present: Row, result: ExamResult) -> None:
    """A cell that states nothing contradicts nothing. Raise LineRejected, naming the columns."""
    stated = {
        "outcome": result.outcome,
        "motive": result.motive,
        "training_organisation_id": result.training_organisation_id,
    }
    day = format_day(result.on).fr
    reason = f"Un résultat du {day} à ce titre est déjà enregistré et dit autre chose : s’il est faux, annulez-le."
    faults = [
        fault
        for name, value in stated.items()
        if value is not None and present[name] != value
        for fault in line_rejected(reason, name).faults
    ]
    if faults:
        raise LineRejected(*faults)


def _annulled(present: Row) -> LineRejected:
    """A file that is sent again does not bring back what was annulled since."""
    day = format_day(present["annulled_on"]).fr
    return line_rejected(
        f"Ce résultat a été annulé le {day} : retirez la ligne. S’il vaut malgré tout, enregistrez-le par l’API.",
        "outcome",
    )


async def start_certification_changes(
    transaction: Transaction, batch: ImportBatch, _: Sequence[Line]
) -> CertificationChanges:
    titles = {row["code"]: row["title"] for row in await QUALIFICATIONS.read_all(transaction)}
    qualifications = await read_qualifications(transaction)
    organisations = await read_organisations(transaction)
    ledger = ResultLedger(
        await files_by_id(transaction, batch.people.ids),
        batch.policies,
        {item.code: item for item in qualifications},
        [item.id for item, _ in organisations],
        batch.context,
        # Administrators take over what happened before this service; whoever writes results one by one announces them.
        is_history=batch.context.client.role is Role.ADMIN,
    )
    stored = await certifications.read_all_of(transaction, batch.people.ids)
    return CertificationChanges(
        batch,
        ledger,
        {(row["adviser_id"], row["qualification"], row["on"]): row for row in stored},
        index_by_name((item, (item.code, titles[item.code])) for item in qualifications),
        index_by_name((item, (str(item.id), name)) for item, name in organisations),
    )


def sort_by_day(line: Line) -> date:
    """In order: the number of an attempt depends on those before it."""
    return line.values.get("on") or date.max


CERTIFICATION_IMPORT = ImportDefinition("adviser_id", sort_by_day, start_certification_changes)
