"""Exam results from a spreadsheet: one to a line, and only those that say how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.api.certifications.certification_routes import CertificationRequest
from app.api.http.bodies.merge_patch import patched_body
from app.domain.decisions.decision_cascade import Proceedings
from app.domain.events import Event
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import Certification, CertificationOutcome, Qualification
from app.domain.facts.training_organisation import TrainingOrganisation
from app.imports.adviser_matching import OF_PERSON, PERSON, Who
from app.imports.batch import Desk, Kind, by_name, named
from app.imports.columns.cell_parsers import civil_day, one_of
from app.imports.columns.column_recognition import Column, Columns
from app.imports.files.cell_content import Unreadable, folded, text
from app.imports.files.spreadsheet import Cell
from app.imports.line_parsing import Line
from app.persistence.advisers.adviser_files import files_by_id, read_organisations
from app.persistence.catalogue import read_qualifications
from app.persistence.engine.database import Transaction
from app.persistence.engine.upsert import CERTIFICATIONS, QUALIFICATIONS
from app.use_cases.record_certification import Result, check_motive, columns, told_of
from app.use_cases.write_outcome import Conclusion, conclude

OUTCOMES = {
    **dict.fromkeys(
        ("obtenu", "obtenue", "réussi", "admis", "admise", "certifié", "oui"), CertificationOutcome.OBTAINED
    ),
    **dict.fromkeys(("échoué", "échec", "ajourné", "ajournée", "refusé"), CertificationOutcome.FAILED),
    "absence justifiée": CertificationOutcome.ABSENT_JUSTIFIED,
    **dict.fromkeys(("absence injustifiée", "absence non justifiée"), CertificationOutcome.ABSENT_UNJUSTIFIED),
    **{outcome.value: outcome for outcome in CertificationOutcome},
}
MOTIVES = {
    "certificat médical": "medical_certificate",
    "force majeure": "force_majeure",
    "test covid positif": "covid_positive_test",
}


_OUTCOME = one_of(OUTCOMES)


def outcome(cell: Cell) -> str:
    """Some systems write yes for a success, and no for a failure, an absence and an exam to come alike."""
    if cell is True:
        return CertificationOutcome.OBTAINED
    if cell is False or folded(text(cell)) == "non":
        raise Unreadable("« Non » ne dit pas si l’examen a été échoué ou n’a pas eu lieu : écrivez échoué ou absent.")
    return _OUTCOME(cell)


COLUMNS = Columns(
    *PERSON,
    Column("qualification", text, ("Certification", "Titre", "Diplôme")),
    Column("outcome", outcome, ("Résultat", "certifie", "Certifié")),
    Column("on", civil_day, ("Date", "Date d’obtention", "Date de l’examen", "date_obtention")),
    Column("motive", one_of(MOTIVES), ("Motif", "Motif d’absence")),
    Column("training_organisation_id", text, ("Organisme", "Organisme de formation")),
)


@dataclass(frozen=True, slots=True)
class Certifications:
    """The results of some advisers: their files before, and as each line leaves them."""

    desk: Desk
    before: Mapping[UUID, AdviserFile]
    files: dict[UUID, AdviserFile]
    qualifications: Mapping[str, Qualification]
    organisations: Mapping[str, TrainingOrganisation]
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    told: dict[UUID, list[Event]] = field(default_factory=dict[UUID, list[Event]])

    def take(self, line: Line) -> bool:
        adviser: UUID = self.desk.people.known(Who.named_by(line.values, "adviser_id"))["id"]
        result, qualification = self._result(line, adviser)
        obtained = Certification(qualification, result.outcome, result.on)
        file = self.files[adviser]
        if obtained in file.certifications:
            return False
        check_motive(result, self.desk.policies)
        now = self.desk.asked.now
        self.rows.append({**columns(result, file), "version": 1, "created_at": now, "updated_at": now})
        self.told.setdefault(adviser, []).append(replace(told_of(result), is_history=True))
        self.files[adviser] = replace(file, certifications=(*file.certifications, obtained))
        return True

    def _result(self, line: Line, adviser: UUID) -> tuple[Result, Qualification]:
        said = {name: value for name, value in line.values.items() if name not in OF_PERSON}
        if title := said.get("qualification"):
            said["qualification"] = named(self.qualifications, title, "qualification").code
        if organisation := said.get("training_organisation_id"):
            said["training_organisation_id"] = named(self.organisations, organisation, "training_organisation_id").id
        body = patched_body(CertificationRequest, {}, said | {"adviser_id": adviser})
        result = Result(adviser, body.qualification, body.outcome, body.on, body.motive, body.training_organisation_id)
        return result, self.qualifications[folded(body.qualification)]

    @property
    def subjects(self) -> list[UUID]:
        return [*self.told, *(row["id"] for row in self.rows)]

    async def write(self, transaction: Transaction) -> None:
        await CERTIFICATIONS.write_all(transaction, self.rows)
        after = await files_by_id(transaction, self.told)
        await conclude(transaction, *(self._conclusion(after[one], told) for one, told in self.told.items()))

    def _conclusion(self, after: AdviserFile, told: list[Event]) -> Conclusion:
        proceedings = Proceedings(after, self.desk.policies).promoted()
        return Conclusion(self.before[after.adviser.id], proceedings, self.desk.asked, events=tuple(told))


async def start(transaction: Transaction, desk: Desk, _: Sequence[Line]) -> Certifications:
    files = await files_by_id(transaction, desk.people.ids)
    titles = {row["code"]: row["title"] for row in await QUALIFICATIONS.read_all(transaction)}
    qualifications = await read_qualifications(transaction)
    organisations = await read_organisations(transaction)
    return Certifications(
        desk,
        files,
        dict(files),
        by_name((item, (item.code, titles[item.code])) for item in qualifications),
        by_name((item, (str(item.id), name)) for item, name in organisations),
    )


def order(line: Line) -> date:
    """The number of an attempt depends on those before it."""
    return line.values.get("on") or date.max


CERTIFICATIONS_KIND = Kind(COLUMNS, "adviser_id", order, start)
