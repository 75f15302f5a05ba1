"""Contracts from a spreadsheet (existing-systems: mises en relation, `main.contrat`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.api.contracts.contract_routes import ContractRequest, contract_resource
from app.api.http.bodies.merge_patch import patched_body
from app.domain.facts.contract import ContractType, LegalForm
from app.imports.adviser_matching import PERSON_COLUMN_NAMES, PERSON_COLUMNS, PersonReference
from app.imports.batch import ImportBatch, ImportDefinition
from app.imports.columns import heading_aliases
from app.imports.columns.cell_parsers import (
    boolean,
    civil_day,
    code_for_word,
    department,
    ds_number,
    email,
    identifier,
    siret,
)
from app.imports.columns.column_recognition import Column, ColumnSet, ContextualHeading
from app.imports.files.cell_content import fold_text, read_text
from app.imports.files.spreadsheet import Cell
from app.imports.line_parsing import Line, line_rejected, nest_dotted_names
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.contracts import CONTRACTS, read_known
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.use_cases.errors import UnknownReference
from app.use_cases.upsert_contract import consequences
from app.use_cases.write_outcome import write_change_sets

CONTRACT_TYPE_WORDS = {
    "CDI": ContractType.CDI,
    "Contrat à durée indéterminée": ContractType.CDI,
    "CDD": ContractType.CDD,
    "Contrat à durée déterminée": ContractType.CDD,
    "PEC": ContractType.PEC,
    "Parcours emploi compétences": ContractType.PEC,
    "CDP": ContractType.CDP,
    "Contrat de projet": ContractType.CDP,
    "contrat_de_projet_public": ContractType.CDP,
}
LEGAL_FORM_WORDS = {
    **dict.fromkeys(("public", "publique", "structure publique"), LegalForm.PUBLIC),
    **dict.fromkeys(("COMMUNE", "DEPARTEMENT", "REGION", "EPCI", "COLLECTIVITE", "GIP"), LegalForm.PUBLIC),
    **dict.fromkeys(("private", "privé", "privée", "structure privée"), LegalForm.PRIVATE),
    **dict.fromkeys(("association", "entreprise"), LegalForm.PRIVATE),
    **dict.fromkeys(("undetermined", "indéterminée", "indéterminé", "inconnu"), LegalForm.UNDETERMINED),
}
_read_legal_form = code_for_word(LEGAL_FORM_WORDS)


def legal_form(cell: Cell) -> str:
    """Under the heading `publique`, yes or no."""
    if isinstance(cell, bool) or fold_text(read_text(cell)) in {"oui", "non", "true", "false"}:
        return LegalForm.PUBLIC if boolean(cell) else LegalForm.PRIVATE
    return _read_legal_form(cell)


CONTRACT_COLUMNS = ColumnSet(
    Column("id", identifier, ("Id contrat",), empty_keeps_known=True),
    *PERSON_COLUMNS,
    Column("type", code_for_word(CONTRACT_TYPE_WORDS), heading_aliases.CONTRACT_TYPE),
    Column("starts_on", civil_day, heading_aliases.STARTS_ON),
    Column("ends_on", civil_day, heading_aliases.ENDS_ON),
    Column("terminated_on", civil_day, heading_aliases.TERMINATED_ON),
    Column("termination_motive", read_text, heading_aliases.TERMINATION_MOTIVE),
    Column("renews_contract_id", identifier, ("Renouvelle le contrat",), empty_keeps_known=True),
    Column("employer.siret", siret, heading_aliases.SIRET),
    Column("employer.name", read_text, heading_aliases.EMPLOYER_NAME),
    Column("employer.legal_form", legal_form, heading_aliases.LEGAL_FORM),
    Column(
        "employer.department",
        department,
        (*heading_aliases.EMPLOYER_DEPARTMENT, *heading_aliases.DEPARTMENT_CODES),
    ),
    Column("employer.contact_email", email, heading_aliases.EMPLOYER_EMAIL),
    Column("employer.aidants_connect_accredited", boolean, ("Habilitation Aidants Connect",), empty_keeps_known=True),
    Column(
        "administrative_file.ds_file_number",
        ds_number,
        ("ds_file_number", *heading_aliases.DS_FILE_NUMBER),
        is_lookup=True,
    ),
    Column(
        "administrative_file.contract_uploaded_on", civil_day, ("contract_uploaded_on", *heading_aliases.UPLOADED_ON)
    ),
    Column(
        "administrative_file.validated_on",
        civil_day,
        ("validated_on", *heading_aliases.VALIDATED_ON, heading_aliases.VALIDATION),
    ),
    contextual=[
        ContextualHeading(heading_aliases.EMPLOYER_KIND, heading_aliases.CONTRACT_TYPE, "employer.legal_form"),
        ContextualHeading(
            heading_aliases.VALIDATION,
            (*heading_aliases.TERMINATED_ON, *heading_aliases.TERMINATION_MOTIVE),
            doubt="de la rupture, ou du recrutement",
        ),
    ],
)


@dataclass(frozen=True, slots=True)
class ContractChanges:
    """The contracts of some advisers, by id, and what becomes of them."""

    batch: ImportBatch
    rows: dict[UUID, Row]
    changed: dict[UUID, Row] = field(default_factory=dict[UUID, Row])

    def apply_line(self, line: Line) -> bool:
        adviser: UUID = self.batch.people.find(PersonReference.from_values(line.values, "adviser_id"))["id"]
        present = self._find_present(line, adviser)
        said = {name: value for name, value in line.values.items() if name not in {"id", *PERSON_COLUMN_NAMES}}
        if said.get("type") == ContractType.CDI:
            said.setdefault("ends_on", None)  # it has none, whether or not the line says so
        shown = contract_resource(present) if present is not None else {}
        columns = patched_body(ContractRequest, shown, {**nest_dotted_names(said), "adviser_id": adviser}).columns()
        row = self._row(line, present, columns)
        renewed = self.rows.get(columns["renews_contract_id"])
        if columns["renews_contract_id"] is not None and (renewed is None or not _can_renew(row, renewed)):
            raise UnknownReference("/renews_contract_id")
        if row is not present:
            self.batch.check_not_contradicted(row["id"])
            self.rows[row["id"]] = self.changed[row["id"]] = row
        self.batch.lines_by_subject[row["id"]] = line.number
        return row is not present

    def _row(self, line: Line, present: Row | None, columns: Mapping[str, Any]) -> Row:
        now = self.batch.context.now
        if present is not None:
            return CONTRACTS.next_version(present, columns, now)
        contract = line.values.get("id") or uuid7()
        return {"id": contract, **columns, "version": 1, "created_at": now, "updated_at": now}

    def _find_present(self, line: Line, adviser: UUID) -> Row | None:
        """By its identifier, else by the adviser, the first day and the employer. Raise Rejected."""
        named = self.rows.get(line.values.get("id") or UUID(int=0))
        if named is not None:
            if named["adviser_id"] != adviser:
                raise line_rejected("Ce contrat est celui d’un autre conseiller.", "id")
            return named
        starts_on, employer = line.values.get("starts_on"), line.values.get("employer.siret")
        alike = [
            row
            for row in self.rows.values()
            if (row["adviser_id"], row["starts_on"], row["employer_siret"]) == (adviser, starts_on, employer)
        ]
        if alike and line.values.get("id"):
            raise line_rejected("Ce contrat est déjà connu sous un autre identifiant.", "id")
        if len(alike) > 1:
            raise line_rejected(
                "Plusieurs contrats ont ce conseiller, ce début et ce SIRET : donnez l’identifiant.", "id"
            )
        return alike[0] if alike else None

    @property
    def subjects(self) -> list[UUID]:
        return [*self.changed, *{row["adviser_id"] for row in self.changed.values()}]

    async def write(self, transaction: Transaction) -> None:
        advisers = {row["adviser_id"] for row in self.changed.values()}
        before = await files_by_id(transaction, advisers)
        await CONTRACTS.upsert_all(transaction, [*self.changed.values()])
        after = await files_by_id(transaction, advisers)
        policies, asked = self.batch.policies, self.batch.context
        await write_change_sets(
            transaction, *(consequences(before[one], after[one], policies, asked) for one in before)
        )


def _can_renew(row: Row, renewed: Row) -> bool:
    return bool(renewed["adviser_id"] == row["adviser_id"] and renewed["id"] != row["id"])


async def start_contract_changes(
    transaction: Transaction, batch: ImportBatch, lines: Sequence[Line]
) -> ContractChanges:
    named = {line.values["id"] for line in lines if line.values.get("id")}
    rows = await read_known(transaction, batch.people.ids, named)
    return ContractChanges(batch, {row["id"]: row for row in rows})


def sort_by_first_day(line: Line) -> date:
    """A contract comes after the one that it renews."""
    return line.values.get("starts_on") or date.max


CONTRACT_IMPORT = ImportDefinition(CONTRACT_COLUMNS, "adviser_id", sort_by_first_day, start_contract_changes)
