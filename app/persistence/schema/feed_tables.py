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
from app.persistence.schema.shared_columns import instant_column, metadata

# One feed for each audience: the nil UUID is told everything, the others are training organisations.
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

# One row. `server` is the family of servers whose positions these are, a primary and its standbys, with this table
# itself (the first and the last part): a restored dump goes on with the same positions for other events, so that
# cursors of an earlier epoch mean nothing. Within an epoch, the event that a cursor names tells whether its position
# was lost.
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
