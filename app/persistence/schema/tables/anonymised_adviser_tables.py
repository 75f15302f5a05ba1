"""The tables by which an anonymised adviser who returns is recognised."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, SmallInteger, Table, Text, Uuid

from app.persistence.schema.personal_data_inventory import disclosed, no_personal_data, personal_data, undisclosed
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.tables.shared_columns import check_one_of, instant_column, metadata

# One row, sealed (`app/persistence/engine/secrets/secret_box.py`): without it no digest below can be compared.
digest_key = Table(
    "digest_key",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one"),
    info=no_personal_data("la clé des empreintes, chiffrée"),
)

# The digests of an erased identity. When the person returns, the rows move to the new file: nothing leads from it to
# the former one.
former_identity = Table(
    "former_identity",
    metadata,
    Column("digest", LargeBinary, primary_key=True, info=undisclosed("une empreinte, qui ne se lit pas")),
    Column("adviser_id", Uuid, ForeignKey("adviser.id"), primary_key=True, index=True),
    Column("kind", Text, nullable=False, info=disclosed("Empreinte de")),
    instant_column("anonymised_at", info=disclosed("Identité effacée le")),
    check_one_of("kind", "conum_id", "email"),
    info=personal_data(
        "Empreintes d’identités effacées",
        purpose="reconnaître qui revient après une anonymisation : un droit n’est financé qu’une fois",
        kept_for=EVIDENCE_RETENTION,
    ),
)
