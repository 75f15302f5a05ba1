"""Contracts from a spreadsheet (existing-systems: mises en relation, `main.contrat`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.api.contracts.contract_schemas import ContractRequest, contract_resource
from app.api.http.bodies.merge_patch import patched_body
from app.domain.facts.contract import ContractType
from app.imports.batch_context import ImportBatch, ImportDefinition
from app.imports.lines.adviser_matching import values_beside_person
from app.imports.lines.line_parsing import Line, line_rejected, nest_dotted_names
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.contracts import CONTRACTS, read_known
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.use_cases.changes.change_sets import consequences_of_change
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.errors import UnknownReference
from app.use_cases.upsert_contract import check_administrative_dates, check_file_number


@dataclass(frozen=True, slots=True)
class ContractChanges:
    """The contracts of some advisers, by id, and the changed ones among them."""

    batch: ImportBatch
    rows: dict[UUID, Row]
    changed: dict[UUID, Row] = field(default_factory=dict[UUID, Row])

    def apply_line(self, line: Line) -> bool:
        adviser: UUID = self.batch.people.find(line)["id"]
        present = self._find_present(line, adviser)
        values = values_beside_person(line)
        values.pop("id", None)
        if values.get("type") == ContractType.CDI:
            values.setdefault("ends_on", None)  # a CDI has none, even when the file has no such column
        shown = contract_resource(present) if present is not None else {}
        columns = patched_body(ContractRequest, shown, {**nest_dotted_names(values), "adviser_id": adviser}).columns()
        check_administrative_dates(columns, self.batch.context.today)
        check_file_number(columns, present)
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
        """The known contract: by identifier, else by adviser, first day and employer. Raise LineRejected."""
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
        policies, context = self.batch.policies, self.batch.context
        await write_change_sets(
            transaction,
            *(consequences_of_change(before[adviser], after[adviser], policies, context) for adviser in before),
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
    """Puts a contract after the one that it renews."""
    return line.values.get("starts_on") or date.max


CONTRACT_IMPORT = ImportDefinition("adviser_id", sort_by_first_day, start_contract_changes)
