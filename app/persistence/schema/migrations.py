"""The schema brought to a revision, from a program."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.persistence.engine.connection import connect

PROJECT = Path(__file__).parents[3]


SESSION_SETTINGS = {"application_name": "registrations-migrate"}
VERSIONS = PROJECT / "migrations" / "versions"


@cache
def newest_revision() -> str:
    """The number of the newest migration of this program, as `alembic_version` has it."""
    return max(path.name for path in VERSIONS.glob("[0-9]*.py"))[:4]


def create_engine(url: str) -> AsyncEngine:
    """Connects as everybody does, as whoever owns the database; a statement may walk through a table."""
    return create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(url, SESSION_SETTINGS))


def alembic_config(url: str) -> Config:
    config = Config(PROJECT / "alembic.ini")
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Blocking, and must be called where no event loop runs."""
    command.upgrade(alembic_config(url), revision)


def write_migration(url: str, message: str) -> None:
    """Write the next numbered revision, from what the schema lacks of `tables`."""
    following = int(newest_revision()) + 1
    command.revision(alembic_config(url), message, autogenerate=True, rev_id=f"{following:04d}")
