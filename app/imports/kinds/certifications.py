"""Exam results from a spreadsheet: one to a line, and only those that say how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.api.certifications.certification_routes import CertificationRequest
from app.api.http.bodies.merge_patch import patched_body
from app.domain.decisions.decision_cascade import DecisionCascade
from app.domain.events import Event
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import Certification, CertificationOutcome, Qualification
from app.domain.facts.training_organisation import TrainingOrganisation
from app.imports.adviser_matching import PERSON_COLUMN_NAMES, PERSON_COLUMNS, PersonReference
from app.imports.batch import ImportBatch, ImportDefinition, index_by_name, look_up_name
from app.imports.columns.cell_parsers import civil_day, code_for_word
from app.imports.columns.column_recognition import Column, ColumnSet
from app.imports.files.cell_content import UnreadableCell, fold_text, read_text
from app.imports.files.spreadsheet import Cell
from app.imports.line_parsing import Line
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.catalogue import QUALIFICATIONS, read_organisations, read_qualifications
from app.persistence.certifications import CERTIFICATIONS
from app.persistence.engine.database import Transaction
from app.use_cases.record_certification import ExamResult, certification_columns, certification_event, check_motive
from app.use_cases.write_outcome import ChangeSet, write_change_sets

OUTCOME_WORDS = {
    **dict.fromkeys(
        ("obtenu", "obtenue", "réussi", "admis", "admise", "certifié", "oui"), CertificationOutcome.OBTAINED
    ),
    **dict.fromkeys(("échoué", "échec", "ajourné", "ajournée", "refusé"), CertificationOutcome.FAILED),
    "absence justifiée": CertificationOutcome.ABSENT_JUSTIFIED,
    **dict.fromkeys(("absence injustifiée", "absence non justifiée"), CertificationOutcome.ABSENT_UNJUSTIFIED),
    **{outcome.value: outcome for outcome in CertificationOutcome},
}
MOTIVE_WORDS = {
    "certificat médical": "medical_certificate",
    "force majeure": "force_majeure",
    "test covid positif": "covid_positive_test",
}


_read_outcome = code_for_word(OUTCOME_WORDS)


def outcome(cell: Cell) -> str:
    """Some systems write yes for a success, and no for a failure, an absence and an exam to come alike."""
    if cell is True:
        return CertificationOutcome.OBTAINED
    if cell is False or fold_text(read_text(cell)) == "non":
        raise UnreadableCell(
            "« Non » ne dit pas si l’examen a été échoué ou n’a pas eu lieu : écrivez échoué ou absent."
        )
    return _read_outcome(cell)


CERTIFICATION_COLUMNS = ColumnSet(
    *PERSON_COLUMNS,
    Column("qualification", read_text, ("Certification", "Titre", "Diplôme")),
    Column("outcome", outcome, ("Résultat", "certifie", "Certifié")),
    Column("on", civil_day, ("Date", "Date d’obtention", "Date de l’examen", "date_obtention")),
    Column("motive", code_for_word(MOTIVE_WORDS), ("Motif", "Motif d’absence")),
    Column("training_organisation_id", read_text, ("Organisme", "Organisme de formation")),
)


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
        adviser: UUID = self.batch.people.find(PersonReference.from_values(line.values, "adviser_id"))["id"]
        result, qualification = self._result(line, adviser)
        obtained = Certification(qualification, result.outcome, result.on)
        file = self.files[adviser]
        if obtained in file.certifications:
            return False
        check_motive(result, self.batch.policies)
        now = self.batch.context.now
        self.rows.append({**certification_columns(result, file), "version": 1, "created_at": now, "updated_at": now})
        self.events_by_adviser.setdefault(adviser, []).append(replace(certification_event(result), is_history=True))
        self.files[adviser] = replace(file, certifications=(*file.certifications, obtained))
        return True

    def _result(self, line: Line, adviser: UUID) -> tuple[ExamResult, Qualification]:
        said = {name: value for name, value in line.values.items() if name not in PERSON_COLUMN_NAMES}
        if title := said.get("qualification"):
            said["qualification"] = look_up_name(self.qualifications, title, "qualification").code
        if organisation := said.get("training_organisation_id"):
            said["training_organisation_id"] = look_up_name(
                self.organisations, organisation, "training_organisation_id"
            ).id
        body = patched_body(CertificationRequest, {}, said | {"adviser_id": adviser})
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
            transaction, *(self._conclusion(after[one], told) for one, told in self.events_by_adviser.items())
        )

    def _conclusion(self, after: AdviserFile, told: list[Event]) -> ChangeSet:
        cascade = DecisionCascade(after, self.batch.policies).promote_waiting()
        return ChangeSet(self.before[after.adviser.id], cascade, self.batch.context, events=tuple(told))


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
    """The number of an attempt depends on those before it."""
    return line.values.get("on") or date.max


CERTIFICATION_IMPORT = ImportDefinition(CERTIFICATION_COLUMNS, "adviser_id", sort_by_day, start_certification_changes)
