"""The register of processing (GDPR, article 30): what the tables say of themselves, in the order of how long they keep
it."""

from dataclasses import dataclass

from sqlalchemy import Table

from app.persistence.schema.domain_tables import metadata
from app.persistence.schema.personal_data_inventory import (
    SHARED_LABELS,
    InventoryEntry,
    erased_columns,
    inventory,
    label_of,
)


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """`data` are the labels of what is particular to the table, `erased` of what goes once a person is anonymised."""

    holding: InventoryEntry
    data: tuple[str, ...]
    erased: tuple[str, ...]


def _entry(table: Table, holding: InventoryEntry) -> RegisterEntry:
    particular = (label_of(column) for column in table.columns if column.name not in SHARED_LABELS)
    erased = (label_of(column) for column in erased_columns(table))
    return RegisterEntry(holding, tuple(filter(None, particular)), tuple(filter(None, erased)))


ENTRIES = tuple(_entry(table, holding) for table, holding in inventory(metadata))
TABLES_WITHOUT_PERSONAL_DATA = tuple(
    str(table.info["nobody"]) for table in metadata.sorted_tables if "nobody" in table.info
)
