"""What each table holds on people, said beside the table and each of its columns (`info`), where whoever adds one sees
it. The export, the erasure and the register are made from it; a test fails on a table or a column that says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, MetaData, Table

from app.persistence.schema.retention_periods import duration_in_french as duration_said

ERASED_TEXT = "(effacé)"
Info = dict[Any, Any]

# Columns of the same name everywhere.
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
    """In French. `rows` is SQL that finds what the table holds on adviser `$1`, or on whoever the digests `$2` name;
    None for one on other people.
    `forgotten`: its rows go when the adviser is anonymised. `kept_for` may name `{years}` of inactivity."""

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
    """The `info` of a table that holds something on people."""
    kept = kept_for if isinstance(kept_for, str) else duration_said(kept_for)
    return {"holding": InventoryEntry(title, purpose, kept, rows, forgotten)}


def no_personal_data(what: str) -> Info:
    """The `info` of a table that holds nothing on people; `what` it holds instead, in French."""
    return {"nobody": what}


def disclosed(label: str) -> Info:
    """The `info` of a column that is kept: closed lists, dates, numbers, codes, which name nobody."""
    return {"label": label}


def erased(label: str, leaving: str | None = None) -> Info:
    """The `info` of a column that names somebody, or is free text that could: null once the adviser is anonymised, or
    `leaving` where something was said and must not be null."""
    return {"label": label, "erased": True, "leaving": leaving}


def undisclosed(why: str) -> Info:
    """The `info` of a column that is not told to the adviser: it says nothing on them, or something on others."""
    return {"label": None, "why": why}


def inventory_entry_of(table: Table) -> InventoryEntry | None:
    return table.info.get("holding")


def label_of(column: Column[Any]) -> str | None:
    """None for a column that is not told. Raise KeyError for one that says nothing."""
    label: str | None = column.info["label"] if "label" in column.info else SHARED_LABELS[column.name]
    return label


def inventory(metadata: MetaData) -> list[tuple[Table, InventoryEntry]]:
    """Every table that holds something on people: who they are first, then those that keep it longest."""
    found = [
        (table, holding) for table in metadata.tables.values() if (holding := inventory_entry_of(table)) is not None
    ]
    return sorted(found, key=lambda item: (item[0].name != "adviser", "{years}" not in item[1].kept_for))


def erased_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.info.get("erased")]
