"""The tables of import jobs requested over HTTP."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from app.persistence.schema.personal_data_inventory import disclosed, personal_data, undisclosed
from app.persistence.schema.retention_periods import IMPORTS_RETENTION
from app.persistence.schema.tables.shared_columns import check_one_of, instant_column, metadata

# A rejected line has no adviser, yet names somebody: its tokens are digested when it is stored
# (`app/imports/lines/data_subjects.py`), so that an index finds it, whatever its spelling.
NAMES_ADVISER = "subjects && $2"

# `content` is the file until the job has ended; what stays then are counts and the rejected lines with their headings,
# until the row is deleted. `role` and `training_organisation_id` are those of the client when it asked: its lines are
# written within its rights, and a training organisation sees its own (migration 0023).
import_job = Table(
    "import_job",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False, info=disclosed("Demandé par")),
    Column("role", Text, nullable=False, server_default=text("'admin'"), info=undisclosed("un rôle")),
    Column("training_organisation_id", Uuid, info=undisclosed("le logiciel ; « Demandé par » dit lequel")),
    Column(
        "is_ndjson", Boolean, nullable=False, server_default=text("false"), info=undisclosed("une forme de fichier")
    ),
    Column("request_id", Uuid, info=undisclosed("un numéro de requête")),
    Column("kind", Text, nullable=False, info=disclosed("Contenu")),
    Column("dry_run", Boolean, nullable=False, info=disclosed("À blanc")),
    Column("status", Text, nullable=False, info=disclosed("État")),
    Column("content", LargeBinary, info=undisclosed("le tableur, le temps de l’import")),
    Column("read", Integer, nullable=False, server_default=text("0"), info=disclosed("Lignes lues")),
    Column("imported", Integer, nullable=False, server_default=text("0"), info=disclosed("Lignes importées")),
    Column("unchanged", Integer, nullable=False, server_default=text("0"), info=disclosed("Lignes inchangées")),
    Column("rejected", Integer, nullable=False, server_default=text("0"), info=disclosed("Lignes rejetées")),
    Column("rejects_heading", Text, info=undisclosed("des intitulés")),
    Column(
        "ignored_columns", ARRAY(Text), nullable=False, server_default=text("'{}'"), info=undisclosed("des intitulés")
    ),
    Column("failure", JSON, info=disclosed("Échec")),
    Column("attempts", Integer, nullable=False, server_default=text("0"), info=undisclosed("des essais")),
    Column("claim", Uuid, info=undisclosed("un verrou")),
    instant_column("lease_until", nullable=True, info=undisclosed("un verrou")),
    instant_column("created_at"),
    instant_column("finished_at", nullable=True, info=disclosed("Achevé le")),
    check_one_of("kind", "advisers", "contracts", "certifications", "registrations", "sessions", "attendance"),
    check_one_of("status", "waiting", "running", "done", "failed"),
    CheckConstraint(
        "(status = 'running') = (claim IS NOT NULL) AND (claim IS NULL) = (lease_until IS NULL)", name="claim"
    ),
    CheckConstraint(
        "(status IN ('waiting', 'running')) = (content IS NOT NULL) AND (content IS NULL) = (finished_at IS NOT NULL)",
        name="content",
    ),
    Index("ix_import_job_open", "created_at", postgresql_where=text("content IS NOT NULL")),
    info=personal_data(
        "Imports",
        purpose="rendre les lignes rejetées d’un tableur à qui l’a envoyé",
        kept_for=IMPORTS_RETENTION,
        rows=f"id = ANY (ARRAY(SELECT job_id FROM import_reject WHERE {NAMES_ADVISER}))",
    ),
)

# A rejected line, as it is given back. Without `fastupdate`, every search would also scan a list of pending entries.
import_reject = Table(
    "import_reject",
    metadata,
    Column("job_id", Uuid, ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True, info=disclosed("Import")),
    Column("number", Integer, primary_key=True, autoincrement=False, info=disclosed("Ligne du tableur")),
    Column("line", Text, nullable=False, info=disclosed("Cellules")),
    Column("subjects", ARRAY(BigInteger), nullable=False, info=undisclosed("des empreintes, qui ne se lisent pas")),
    Index("ix_import_reject_subjects", "subjects", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    info=personal_data(
        "Lignes rejetées",
        purpose="rendre à qui l’a envoyée une ligne à corriger",
        kept_for=IMPORTS_RETENTION,
        rows=NAMES_ADVISER,
        forgotten=True,
    ),
)
