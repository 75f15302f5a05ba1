"""The schema brought to a revision, from a program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.connectors.asyncio import AsyncAdapt_Error
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.persistence.engine.connection import connect
from app.persistence.engine.database_errors import MigrationFailed
from app.persistence.engine.schema_revision import SESSION_SETTINGS, newest_revision

PROJECT = Path(__file__).parents[3]


def create_engine(url: str) -> AsyncEngine:
    """An engine that connects as everything else here does, as the owner of the database; statements have no time
    limit, because a migration may scan a table."""
    return create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(url, SESSION_SETTINGS))


def alembic_config(url: str) -> Config:
    config = Config(PROJECT / "alembic.ini")
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the schema. Blocking, where no event loop runs. Raise MigrationFailed, and what `connect` does."""
    try:
        command.upgrade(alembic_config(url), revision)
    except (DBAPIError, AsyncAdapt_Error) as failure:
        raise MigrationFailed(str(failure)) from failure


def write_migration(url: str, message: str) -> None:
    """Write the next numbered revision, from how the schema of the database differs from the tables described here."""
    following = int(newest_revision()) + 1
    command.revision(alembic_config(url), message, autogenerate=True, rev_id=f"{following:04d}")
