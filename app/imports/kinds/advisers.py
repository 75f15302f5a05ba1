"""Advisers from a spreadsheet (existing-systems: conseillers, and the files of training dates)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.api.advisers.adviser_schemas import AdviserFields, adviser_resource
from app.api.http.bodies.merge_patch import patched_body
from app.imports.batch_context import ImportBatch, ImportDefinition
from app.imports.files.cell_content import fold_text
from app.imports.kinds.adviser_columns import ENDED_ON, ENTERED_ON, is_exempt_or_waiting
from app.imports.lines.adviser_matching import PersonReference
from app.imports.lines.line_parsing import Line, line_rejected, nest_dotted_names
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.advisers.advisers import ADVISERS
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.use_cases.advisers.recognise_returning_adviser import (
    NO_EARLIER_FILES,
    NO_FORMER_COLUMNS,
    RecentlyAnonymised,
    find_earlier_files,
    new_identity_tokens,
    recently_anonymised,
    transfer_earlier_rights,
)
from app.use_cases.changes.change_sets import consequences_of_change
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.errors import ConumIdTaken

SCHEME_BEGAN = date(2020, 11, 17)
UNCLEAR_EXEMPTION = "Ce commentaire ne dit pas si l’exemption est accordée : écrivez « exempté », ou retirez-le."


@dataclass(frozen=True, slots=True)
class AdviserChanges:
    """Some advisers, by id: `changed` as the lines leave them, `known` as they were."""

    batch: ImportBatch
    anonymised: RecentlyAnonymised
    changed: dict[UUID, Row] = field(default_factory=dict[UUID, Row])
    known: dict[UUID, Row] = field(default_factory=dict[UUID, Row])

    def apply_line(self, line: Line) -> bool:
        present = self.batch.people.find_or_new(PersonReference.from_values(line.values, "id"))
        shown: Mapping[str, Any] = adviser_resource(present, with_contact=True) if present is not None else {}
        columns = patched_body(AdviserFields, shown, self._merge_patch(line, shown)).columns()
        row = self._row(line, present, columns)
        holder = self.batch.people.with_conum_id(row["conum_id"])
        if holder is not None and holder["id"] != row["id"]:
            raise ConumIdTaken
        if row is not present:
            self.batch.check_not_contradicted(row["id"])
            self.changed[row["id"]] = row
            if present is not None:
                self.known[row["id"]] = present
            self.batch.people.add(row)
        self.batch.lines_by_subject[row["id"]] = line.number
        return row is not present

    def _row(self, line: Line, present: Row | None, columns: Mapping[str, Any]) -> Row:
        now = self.batch.context.now
        if present is not None:
            return ADVISERS.next_version(present, columns, now)
        if columns["last_name"] is None and columns["email"] is None:
            raise line_rejected("Ce conseiller n’est pas connu, et la ligne ne dit ni son nom ni son adresse.")
        if self.anonymised.is_named_by(columns):
            raise line_rejected("Ce conseiller a été anonymisé depuis que ce fichier a été envoyé.")
        adviser = line.values.get("id") or uuid7()
        new: dict[str, Any] = {"id": adviser, **columns, **NO_FORMER_COLUMNS, "anonymised_at": None, "file_version": 0}
        return new | {"version": 1, "created_at": now, "updated_at": now}

    def _merge_patch(self, line: Line, shown: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: value for name, value in line.values.items() if name not in {"id", "comment"}}
        comment = line.values.get("comment") or ""
        if is_exempt_or_waiting(comment):
            values |= {ENTERED_ON: None, ENDED_ON: None}
        elif fold_text(comment).startswith("exempt"):
            raise line_rejected(UNCLEAR_EXEMPTION, "comment")
        self._check_training(values.get(ENTERED_ON), values.get(ENDED_ON))
        patch = nest_dotted_names(values)
        if "initial_training" in patch:
            known: Mapping[str, Any] = shown.get("initial_training") or {}
            training: dict[str, Any] = {**known, **patch["initial_training"]}
            is_none = training.get("entered_on") is None and values.get(ENDED_ON) is None
            patch["initial_training"] = None if is_none else training
        return patch

    def _check_training(self, entered_on: date | None, ended_on: date | None) -> None:
        """Raise LineRejected for dates that no initial training can have."""
        if entered_on is None:
            return
        if not SCHEME_BEGAN <= entered_on <= self.batch.context.today:
            raise line_rejected(f"Doit être entre le {SCHEME_BEGAN:%d/%m/%Y} et aujourd’hui.", ENTERED_ON)
        if entered_on == ended_on:
            raise line_rejected("Fin égale au début : le conseiller ne semble pas avoir été formé.", ENDED_ON)

    @property
    def subjects(self) -> list[UUID]:
        return [*self.changed]

    async def write(self, transaction: Transaction) -> None:
        before = await files_by_id(transaction, self.changed)  # those that exist
        policies, context = self.batch.policies, self.batch.context
        identities = {
            adviser: new_identity_tokens(row, self.known.get(adviser)) for adviser, row in self.changed.items()
        }
        returns = await find_earlier_files(transaction, identities, before)
        rows = [{**row, **returns.get(adviser, NO_EARLIER_FILES).columns()} for adviser, row in self.changed.items()]
        await ADVISERS.upsert_all(transaction, rows)
        await transfer_earlier_rights(transaction, returns, rows, context.now)
        after = await files_by_id(transaction, before)
        await write_change_sets(
            transaction,
            *(consequences_of_change(before[adviser], after[adviser], policies, context) for adviser in before),
        )


async def start_adviser_changes(transaction: Transaction, batch: ImportBatch, _: Sequence[Line]) -> AdviserChanges:
    return AdviserChanges(batch, await recently_anonymised(transaction, batch.sent_at))


ADVISER_IMPORT = ImportDefinition("id", lambda line: line.number, start_adviser_changes)
