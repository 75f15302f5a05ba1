"""The table of imports asked for over HTTP."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from app.persistence.columns import instant, metadata, one_of
from app.persistence.holdings import erased_unsaid, holds, said, unsaid
from app.persistence.retention import IMPORTS

# Lines are rejected before it is known whom they are about: their cells are searched for whatever identifies.
NAMES_THE_ADVISER = """EXISTS (
    SELECT FROM adviser a, translate(lower(convert_from(rejects, 'UTF8')), E'"\\r\\n', ';;;') AS cells
    WHERE a.id = $1 AND (
        strpos(cells, ';' || a.conum_id || ';') > 0 OR strpos(cells, ';' || lower(a.email) || ';') > 0
        OR strpos(cells, ';' || lower(a.first_name) || ';') * strpos(cells, ';' || lower(a.last_name) || ';') > 0))"""

# The file waits in `content`, which goes once it was carried out; what is left of it are counts and, in `rejects`, the
# lines that were rejected, until the whole row goes.
import_job = Table(
    "import_job",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False, info=said("Demandé par")),
    Column("request_id", Uuid, info=unsaid("un numéro de requête")),
    Column("kind", Text, nullable=False, info=said("Contenu")),
    Column("dry_run", Boolean, nullable=False, info=said("À blanc")),
    Column("status", Text, nullable=False, info=said("État")),
    Column("content", LargeBinary, info=unsaid("le tableur, le temps de l’import")),
    Column("read", Integer, nullable=False, server_default=text("0"), info=said("Lignes lues")),
    Column("imported", Integer, nullable=False, server_default=text("0"), info=said("Lignes importées")),
    Column("unchanged", Integer, nullable=False, server_default=text("0"), info=said("Lignes inchangées")),
    Column("rejected", Integer, nullable=False, server_default=text("0"), info=said("Lignes rejetées")),
    Column("rejects", LargeBinary, info=erased_unsaid("Lignes rejetées, avec celles d’autres personnes")),
    Column("ignored_columns", ARRAY(Text), nullable=False, server_default=text("'{}'"), info=unsaid("des intitulés")),
    Column("failure", JSON, info=said("Échec")),
    Column("attempts", Integer, nullable=False, server_default=text("0"), info=unsaid("des essais")),
    Column("claim", Uuid, info=unsaid("un verrou")),
    instant("lease_until", nullable=True, info=unsaid("un verrou")),
    instant("created_at"),
    instant("finished_at", nullable=True, info=said("Achevé le")),
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
    info=holds(
        "Imports",
        purpose="rendre les lignes rejetées d’un tableur à qui l’a envoyé",
        kept_for=IMPORTS,
        rows=NAMES_THE_ADVISER,
    ),
)
