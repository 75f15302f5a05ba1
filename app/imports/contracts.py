"""Contracts from a spreadsheet (existing-systems: mises en relation, `main.contrat`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.api.contracts import ContractRequest, contract_resource
from app.api.merging import patched
from app.domain.contract import ContractType, LegalForm
from app.imports import neighbours
from app.imports.cells import boolean, civil_day, department, ds_number, email, identifier, one_of, siret
from app.imports.columns import Beside, Column, Columns
from app.imports.content import folded, text
from app.imports.desk import Desk, Kind
from app.imports.lines import Line, nested, rejected
from app.imports.people import OF_PERSON, PERSON, Who
from app.imports.sheet import Cell
from app.persistence.contracts import read_known
from app.persistence.database import Transaction
from app.persistence.driver import Row
from app.persistence.files import files_by_id
from app.persistence.rows import CONTRACTS
from app.use_cases.conclude import conclude
from app.use_cases.errors import UnknownReference
from app.use_cases.keep_contract import consequences

TYPES = {
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
FORMS = {
    **dict.fromkeys(("public", "publique", "structure publique"), LegalForm.PUBLIC),
    **dict.fromkeys(("COMMUNE", "DEPARTEMENT", "REGION", "EPCI", "COLLECTIVITE", "GIP"), LegalForm.PUBLIC),
    **dict.fromkeys(("private", "privé", "privée", "structure privée"), LegalForm.PRIVATE),
    **dict.fromkeys(("association", "entreprise"), LegalForm.PRIVATE),
    **dict.fromkeys(("undetermined", "indéterminée", "indéterminé", "inconnu"), LegalForm.UNDETERMINED),
}
_FORM = one_of(FORMS)


def legal_form(cell: Cell) -> str:
    """Under the heading `publique`, yes or no."""
    if isinstance(cell, bool) or folded(text(cell)) in {"oui", "non", "true", "false"}:
        return LegalForm.PUBLIC if boolean(cell) else LegalForm.PRIVATE
    return _FORM(cell)


COLUMNS = Columns(
    Column("id", identifier, ("Id contrat",), lasts=True),
    *PERSON,
    Column("type", one_of(TYPES), neighbours.CONTRACT_TYPE),
    Column("starts_on", civil_day, neighbours.STARTS_ON),
    Column("ends_on", civil_day, neighbours.ENDS_ON),
    Column("terminated_on", civil_day, neighbours.TERMINATED_ON),
    Column("termination_motive", text, neighbours.TERMINATION_MOTIVE),
    Column("renews_contract_id", identifier, ("Renouvelle le contrat",), lasts=True),
    Column("employer.siret", siret, neighbours.SIRET),
    Column("employer.name", text, neighbours.EMPLOYER_NAME),
    Column("employer.legal_form", legal_form, neighbours.LEGAL_FORM),
    Column(
        "employer.department",
        department,
        (*neighbours.EMPLOYER_DEPARTMENT, *neighbours.DEPARTMENT_CODES),
    ),
    Column("employer.contact_email", email, neighbours.EMPLOYER_EMAIL),
    Column("employer.aidants_connect_accredited", boolean, ("Habilitation Aidants Connect",), lasts=True),
    Column(
        "administrative_file.ds_file_number",
        ds_number,
        ("ds_file_number", *neighbours.DS_FILE_NUMBER),
        looked_up=True,
    ),
    Column("administrative_file.contract_uploaded_on", civil_day, ("contract_uploaded_on", *neighbours.UPLOADED_ON)),
    Column(
        "administrative_file.validated_on",
        civil_day,
        ("validated_on", *neighbours.VALIDATED_ON, neighbours.VALIDATION),
    ),
    beside=[
        Beside(neighbours.KIND, neighbours.CONTRACT_TYPE, "employer.legal_form"),
        Beside(
            neighbours.VALIDATION,
            (*neighbours.TERMINATED_ON, *neighbours.TERMINATION_MOTIVE),
            doubt="de la rupture, ou du recrutement",
        ),
    ],
)


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts of some advisers, by id, and what becomes of them."""

    desk: Desk
    rows: dict[UUID, Row]
    changed: dict[UUID, Row] = field(default_factory=dict[UUID, Row])

    def take(self, line: Line) -> bool:
        adviser: UUID = self.desk.people.known(Who.named_by(line.values, "adviser_id"))["id"]
        present = self._present(line, adviser)
        said = {name: value for name, value in line.values.items() if name not in {"id", *OF_PERSON}}
        if said.get("type") == ContractType.CDI:
            said.setdefault("ends_on", None)  # it has none, whether or not the line says so
        shown = contract_resource(present) if present is not None else {}
        columns = patched(ContractRequest, shown, {**nested(said), "adviser_id": adviser}).columns()
        row = self._row(line, present, columns)
        renewed = self.rows.get(columns["renews_contract_id"])
        if columns["renews_contract_id"] is not None and (renewed is None or not _can_renew(row, renewed)):
            raise UnknownReference("/renews_contract_id")
        if row is not present:
            self.desk.check_said_once(row["id"])
            self.rows[row["id"]] = self.changed[row["id"]] = row
        self.desk.stated[row["id"]] = line.number
        return row is not present

    def _row(self, line: Line, present: Row | None, columns: Mapping[str, Any]) -> Row:
        now = self.desk.asked.now
        if present is not None:
            return CONTRACTS.next_version(present, columns, now)
        contract = line.values.get("id") or uuid7()
        return {"id": contract, **columns, "version": 1, "created_at": now, "updated_at": now}

    def _present(self, line: Line, adviser: UUID) -> Row | None:
        """By its identifier, else by the adviser, the first day and the employer. Raise Rejected."""
        named = self.rows.get(line.values.get("id") or UUID(int=0))
        if named is not None:
            if named["adviser_id"] != adviser:
                raise rejected("Ce contrat est celui d’un autre conseiller.", "id")
            return named
        starts_on, employer = line.values.get("starts_on"), line.values.get("employer.siret")
        alike = [
            row
            for row in self.rows.values()
            if (row["adviser_id"], row["starts_on"], row["employer_siret"]) == (adviser, starts_on, employer)
        ]
        if alike and line.values.get("id"):
            raise rejected("Ce contrat est déjà connu sous un autre identifiant.", "id")
        if len(alike) > 1:
            raise rejected("Plusieurs contrats ont ce conseiller, ce début et ce SIRET : donnez l’identifiant.", "id")
        return alike[0] if alike else None

    @property
    def subjects(self) -> list[UUID]:
        return [*self.changed, *{row["adviser_id"] for row in self.changed.values()}]

    async def write(self, transaction: Transaction) -> None:
        advisers = {row["adviser_id"] for row in self.changed.values()}
        before = await files_by_id(transaction, advisers)
        await CONTRACTS.write_all(transaction, [*self.changed.values()])
        after = await files_by_id(transaction, advisers)
        policies, asked = self.desk.policies, self.desk.asked
        await conclude(transaction, *(consequences(before[one], after[one], policies, asked) for one in before))


def _can_renew(row: Row, renewed: Row) -> bool:
    return bool(renewed["adviser_id"] == row["adviser_id"] and renewed["id"] != row["id"])


async def start(transaction: Transaction, desk: Desk, lines: Sequence[Line]) -> Contracts:
    named = {line.values["id"] for line in lines if line.values.get("id")}
    rows = await read_known(transaction, desk.people.ids, named)
    return Contracts(desk, {row["id"]: row for row in rows})


def order(line: Line) -> date:
    """A contract comes after the one that it renews."""
    return line.values.get("starts_on") or date.max


CONTRACTS_KIND = Kind(COLUMNS, "adviser_id", order, start)
