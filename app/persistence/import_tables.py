"""The table of imports asked for over HTTP."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from app.persistence.columns import instant, metadata, one_of

# The file waits in `content`, which goes once it was carried out; what is left of it are counts and, in `rejects`, the
# lines that were rejected, until the whole row goes.
import_job = Table(
    "import_job",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("request_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("content", LargeBinary),
    Column("read", Integer, nullable=False, server_default=text("0")),
    Column("imported", Integer, nullable=False, server_default=text("0")),
    Column("unchanged", Integer, nullable=False, server_default=text("0")),
    Column("rejected", Integer, nullable=False, server_default=text("0")),
    Column("rejects", LargeBinary),
    Column("ignored_columns", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("failure", JSON),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("claim", Uuid),
    instant("lease_until", nullable=True),
    instant("created_at"),
    instant("finished_at", nullable=True),
    one_of("kind", "advisers", "contracts", "certifications", "registrations"),
    one_of("status", "waiting", "running", "done", "failed"),
    CheckConstraint(
        "(status = 'running') = (claim IS NOT NULL) AND (claim IS NULL) = (lease_until IS NULL)", name="claim"
    ),
    CheckConstraint(
        "(status IN ('waiting', 'running')) = (content IS NOT NULL) AND (content IS NULL) = (finished_at IS NOT NULL)",
        name="content",
    ),
    Index("ix_import_job_open", "created_at", postgresql_where=text("content IS NOT NULL")),
)
