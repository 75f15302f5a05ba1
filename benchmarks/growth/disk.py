"""What a registration takes on the disk, table by table, with their indexes; and what of it stays.

What is kept for a time is a part of the five years of the dataset; the dataset has the stored responses of their time
alone. Rows that are deleted leave their room to new ones: no table is partitioned.
"""

from collections.abc import Mapping
from datetime import timedelta

from app.persistence.schema.retention_periods import AUDIT_LOG_RETENTION, DELIVERIES_RETENTION, EVENTS_RETENTION
from benchmarks.growth.database import GrownDatabase, query_number

TABLES = (
    "registration", "decision", "outbox", "feed_entry", "audit_log", "idempotency", "delivery", "delivery_attempt",
    "counted_registration",
)  # fmt: skip
KEPT_FOR: Mapping[str, timedelta] = {
    "outbox": EVENTS_RETENTION,
    "feed_entry": EVENTS_RETENTION,
    "delivery": DELIVERIES_RETENTION,
    "delivery_attempt": DELIVERIES_RETENTION,
    "audit_log": AUDIT_LOG_RETENTION,
}
FIVE_YEARS = timedelta(days=1825)
SIZE = "SELECT pg_total_relation_size('{0}')::float8 / (SELECT count(*) FROM registration)"


def bytes_per_registration(grown: GrownDatabase) -> dict[str, float]:
    """Bytes by table; of them all; and of them all once what is past its time is deleted."""
    found = {table: query_number(grown.url, SIZE.format(table)) for table in TABLES}
    stays = sum(size * (KEPT_FOR.get(table, FIVE_YEARS) / FIVE_YEARS) for table, size in found.items())
    return {
        **{f"bytes of {table}": size for table, size in found.items()},
        "bytes in all, were nothing deleted": sum(found.values()),
        "bytes in all that stay of five steady years": stays,
    }
