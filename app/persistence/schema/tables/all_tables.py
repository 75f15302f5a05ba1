"""All tables, gathered in one metadata: what migrations must build, and what the drift test compares them with."""

from app.persistence.schema.tables import (
    anonymised_adviser_tables,
    delivery_tables,
    feed_tables,
    import_tables,
    service_tables,
    statistics_tables,
)

# isort: split
# After the others: in this order of tables rows are erased, and shown in the export and the register.
from app.persistence.schema.tables import (
    adviser_tables,
    catalogue_tables,
    registration_tables,
    session_tables,
    support_tables,
    training_record_tables,
)
from app.persistence.schema.tables.shared_columns import metadata

__all__ = [
    "adviser_tables",
    "anonymised_adviser_tables",
    "catalogue_tables",
    "delivery_tables",
    "feed_tables",
    "import_tables",
    "metadata",
    "registration_tables",
    "service_tables",
    "session_tables",
    "statistics_tables",
    "support_tables",
    "training_record_tables",
]
