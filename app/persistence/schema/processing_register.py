"""The register of processing (GDPR, article 30): what the tables say of themselves, in the order of how long they keep
it."""

from dataclasses import dataclass

from sqlalchemy import Table

from app.persistence.schema.domain_tables import metadata
from app.persistence.schema.personal_data_inventory import SHARED, Holding, erased_columns, holdings, label_of


@dataclass(frozen=True, slots=True)
class Entry:
    """`data` are the labels of what is particular to the table, `erased` of what goes once a person is anonymised."""

    holding: Holding
    data: tuple[str, ...]
    erased: tuple[str, ...]


def _entry(table: Table, holding: Holding) -> Entry:
    particular = (label_of(column) for column in table.columns if column.name not in SHARED)
    erased = (label_of(column) for column in erased_columns(table))
    return Entry(holding, tuple(filter(None, particular)), tuple(filter(None, erased)))


ENTRIES = tuple(_entry(table, holding) for table, holding in holdings(metadata))
NOBODY = tuple(str(table.info["nobody"]) for table in metadata.sorted_tables if "nobody" in table.info)
