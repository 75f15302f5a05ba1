"""The register of processing (GDPR, article 30), made from the inventory of personal data, those kept longest first."""

from dataclasses import dataclass

from sqlalchemy import Table

from app.persistence.schema.personal_data_inventory import (
    SHARED_LABELS,
    InventoryEntry,
    erased_columns,
    inventory,
    label_of,
)
from app.persistence.schema.tables.all_tables import metadata


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One table. `data` are the labels of its own columns, `erased` of those that anonymisation erases."""

    holding: InventoryEntry
    data: tuple[str, ...]
    erased: tuple[str, ...]


def _register_entry(table: Table, entry: InventoryEntry) -> RegisterEntry:
    labels = (label_of(column) for column in table.columns if column.name not in SHARED_LABELS)
    erased = (label_of(column) for column in erased_columns(table))
    return RegisterEntry(entry, tuple(filter(None, labels)), tuple(filter(None, erased)))


ENTRIES = tuple(_register_entry(table, entry) for table, entry in inventory(metadata))
TABLES_WITHOUT_PERSONAL_DATA = tuple(
    str(table.info["nobody"]) for table in metadata.sorted_tables if "nobody" in table.info
)
