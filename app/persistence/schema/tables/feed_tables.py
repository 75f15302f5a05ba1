"""The tables of the event feed: what was committed, in the order in which it may be read."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from app.persistence.schema.personal_data_inventory import no_personal_data
from app.persistence.schema.tables.shared_columns import instant_column, metadata

# The feed of the nil UUID has every event; each other one is that of a training organisation.
feed = Table(
    "feed",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("last_position", BigInteger, nullable=False),
    info=no_personal_data("la longueur des flux"),
)

# Dense in each feed: 1, 2, 3 … so that a reader can prove that nothing was missed.
feed_entry = Table(
    "feed_entry",
    metadata,
    Column("feed_id", Uuid, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), nullable=False),
    UniqueConstraint("outbox_id", "feed_id"),
    info=no_personal_data("la place des événements dans les flux"),
)

# One row. `server` identifies the primary with its standbys, and this very table (the first and the last part): after a
# restored dump the same positions are given to other events, so that cursors of an earlier epoch are void. Within an
# epoch, the event that a cursor names tells whether its position was lost.
feed_epoch = Table(
    "feed_epoch",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", Uuid, nullable=False),
    Column("server", Text, nullable=False),
    instant_column("begun_at"),
    CheckConstraint("id = 1", name="one"),
    info=no_personal_data("le serveur dont viennent ces places"),
)
