"""Exam results from a spreadsheet, one to a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.api.certifications.certification_schemas import CertificationRequest
from app.api.http.bodies.merge_patch import patched_body
from app.domain.events import Event
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import Certification, Qualification
from app.domain.facts.training_organisation import TrainingOrganisation
from app.imports.batch_context import ImportBatch, ImportDefinition, index_by_name, look_up_name
from app.imports.files.cell_content import fold_text
from app.imports.lines.adviser_matching import values_beside_person
from app.imports.lines.line_parsing import Line
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.catalogue import QUALIFICATIONS, read_organisations, read_qualifications
from app.persistence.certifications import CERTIFICATIONS
from app.persistence.engine.database import Transaction
from app.use_cases.record_certification import ExamResult, certification_columns, certification_event, check_motive
from app.use_cases.write_changes import ChangeSet, consequences_of_change, write_change_sets


@dataclass(frozen=True, slots=True)
class CertificationChanges:
    """The results of some advisers: their files before, and as each line leaves them."""

    batch: ImportBatch
    before: Mapping[UUID, AdviserFile]
    files: dict[UUID, AdviserFile]
    qualifications: Mapping[str, Qualification]
    organisations: Mapping[str, TrainingOrganisation]
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    events_by_adviser: dict[UUID, list[Event]] = field(default_factory=dict[UUID, list[Event]])

    def apply_line(self, line: Line) -> bool:
        adviser: UUID = self.batch.people.find(line)["id"]
        result, qualification = self._result(line, adviser)
        certification = Certification(qualification, result.outcome, result.on)
        file = self.files[adviser]
        if certification in file.certifications:
            return False
        check_motive(result, self.batch.policies)
        now = self.batch.context.now
        self.rows.append({**certification_columns(result, file), "version": 1, "created_at": now, "updated_at": now})
        self.events_by_adviser.setdefault(adviser, []).append(replace(certification_event(result), is_history=True))
        self.files[adviser] = replace(file, certifications=(*file.certifications, certification))
        return True

    def _result(self, line: Line, adviser: UUID) -> tuple[ExamResult, Qualification]:
        values = values_beside_person(line)
        if title := values.get("qualification"):
            values["qualification"] = look_up_name(self.qualifications, title, "qualification").code
        if organisation := values.get("training_organisation_id"):
            values["training_organisation_id"] = look_up_name(
                self.organisations, organisation, "training_organisation_id"
            ).id
        body = patched_body(CertificationRequest, {}, values | {"adviser_id": adviser})
        result = ExamResult(
            adviser, body.qualification, body.outcome, body.on, body.motive, body.training_organisation_id
        )
        return result, self.qualifications[fold_text(body.qualification)]

    @property
    def subjects(self) -> list[UUID]:
        return [*self.events_by_adviser, *(row["id"] for row in self.rows)]

    async def write(self, transaction: Transaction) -> None:
        await CERTIFICATIONS.upsert_all(transaction, self.rows)
        after = await files_by_id(transaction, self.events_by_adviser)
        await write_change_sets(
            transaction,
            *(self._change_set(after[adviser], events) for adviser, events in self.events_by_adviser.items()),
        )

    def _change_set(self, after: AdviserFile, events: list[Event]) -> ChangeSet:
        before, policies = self.before[after.adviser.id], self.batch.policies
        return consequences_of_change(before, after, policies, self.batch.context, *events)


async def start_certification_changes(
    transaction: Transaction, batch: ImportBatch, _: Sequence[Line]
) -> CertificationChanges:
    files = await files_by_id(transaction, batch.people.ids)
    titles = {row["code"]: row["title"] for row in await QUALIFICATIONS.read_all(transaction)}
    qualifications = await read_qualifications(transaction)
    organisations = await read_organisations(transaction)
    return CertificationChanges(
        batch,
        files,
        dict(files),
        index_by_name((item, (item.code, titles[item.code])) for item in qualifications),
        index_by_name((item, (str(item.id), name)) for item, name in organisations),
    )


def sort_by_day(line: Line) -> date:
    """In order: the number of an attempt depends on those before it."""
    return line.values.get("on") or date.max


CERTIFICATION_IMPORT = ImportDefinition("adviser_id", sort_by_day, start_certification_changes)
