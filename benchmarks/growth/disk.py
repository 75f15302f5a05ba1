"""What a registration takes on the disk, table by table, with their indexes."""

from benchmarks.growth.database import GrownDatabase, query_number

TABLES = (
    "registration", "decision", "outbox", "feed_entry", "audit_log", "idempotency", "delivery", "delivery_attempt",
    "counted_registration",
)  # fmt: skip
SIZE = "SELECT pg_total_relation_size('{0}')::float8 / (SELECT count(*) FROM registration)"


def bytes_per_registration(grown: GrownDatabase) -> dict[str, float]:
    """Bytes by table, and of them all (`everything`)."""
    found = {table: query_number(grown.url, SIZE.format(table)) for table in TABLES}
    return {**found, "everything": sum(found.values())}
