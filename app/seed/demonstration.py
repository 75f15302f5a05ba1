"""A demonstration department: marked as such, decided by the real rules."""

from datetime import datetime

from app.persistence.database import Database


async def load_demonstration(database: Database, now: datetime) -> None:
    """Load it once."""
    del database, now
