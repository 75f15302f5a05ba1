"""Which schema this program needs, and whether a database has it: known without the library that migrates."""

from functools import cache
from pathlib import Path

import asyncpg

from app.persistence.engine.connection import connect

VERSIONS = Path(__file__).parents[3] / "migrations" / "versions"
SESSION_SETTINGS = {"application_name": "registrations-migrate"}


@cache
def newest_revision() -> str:
    """The number of the newest migration of this program, as `alembic_version` has it."""
    return max(path.name for path in VERSIONS.glob("[0-9]*.py"))[:4]


async def has_newest_schema(url: str) -> bool:
    """Whether this program has nothing to migrate there. Raise what `connect` does."""
    connection = await connect(url, SESSION_SETTINGS)
    try:
        return bool(await connection.fetchval("SELECT max(version_num) FROM alembic_version") == newest_revision())
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()
