"""The inventory of personal data: what each table and each column holds on people, in its `info`.

The export, the erasure and the register of processing are made from it; a test fails on a table or a column without.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, MetaData, Table

from app.persistence.schema.retention_periods import duration_in_french

ERASED_TEXT = "(effacé)"
Info = dict[Any, Any]

# Of columns that have the same name in several tables.
SHARED_LABELS: Mapping[str, str] = {
    "id": "Identifiant",
    "adviser_id": "Conseiller",
    "training_organisation_id": "Organisme de formation",
    "registration_id": "Inscription",
    "decision_id": "Décision",
    "event_id": "Événement",
    "version": "Version",
    "created_at": "Enregistré le",
    "updated_at": "Modifié le",
}


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """What one table holds on people, in French. `kept_for` may name `{years}` of inactivity.

    `rows` is SQL that finds the rows about the adviser `$1`, or about the person of the digests `$2`; None for a table
    about others. `forgotten`: these rows are deleted when the adviser is anonymised.
    """

    title: str
    purpose: str
    kept_for: str
    rows: str | None
    forgotten: bool


def personal_data(
    title: str,
    *,
    purpose: str,
    kept_for: timedelta | str,
    rows: str | None = "adviser_id = $1",
    forgotten: bool = False,
) -> Info:
    """The `info` of a table that holds personal data."""
    kept = kept_for if isinstance(kept_for, str) else duration_in_french(kept_for)
    return {"holding": InventoryEntry(title, purpose, kept, rows, forgotten)}


def no_personal_data(what: str) -> Info:
    """The `info` of a table that holds no personal data; `what` it holds instead, in French."""
    return {"nobody": what}


def disclosed(label: str) -> Info:
    """The `info` of a column that is exported, and kept after anonymisation: it identifies nobody."""
    return {"label": label}


def erased(label: str, leaving: str | None = None) -> Info:
    """The `info` of a column that is exported, and erased by anonymisation, because it identifies somebody or is free
    text: it becomes null, or `leaving` where it was not null."""
    return {"label": label, "erased": True, "leaving": leaving}


def undisclosed(why: str) -> Info:
    """The `info` of a column that is not exported: it says nothing on the adviser, or something on others."""
    return {"label": None, "why": why}


def inventory_entry_of(table: Table) -> InventoryEntry | None:
    return table.info.get("holding")


def label_of(column: Column[Any]) -> str | None:
    """The French label of the column; None when it is not exported. Raise KeyError for a column without `info`."""
    label: str | None = column.info["label"] if "label" in column.info else SHARED_LABELS[column.name]
    return label


def inventory(metadata: MetaData) -> list[tuple[Table, InventoryEntry]]:
    """Every table that holds personal data: advisers first, then those kept longest."""
    found = [(table, entry) for table in metadata.tables.values() if (entry := inventory_entry_of(table)) is not None]
    return sorted(found, key=lambda item: (item[0].name != "adviser", "{years}" not in item[1].kept_for))


def erased_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.info.get("erased")]
