"""Runs migrations alone under an advisory lock, giving up rather than queueing behind a long lock."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.persistence.schema.migrations import create_engine
from app.persistence.schema.tables.all_tables import metadata

ALONE = 7_241_906_215  # any number, the same for every process that migrates
ASK_AGAIN_SECONDS = 0.1


def run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, compare_type=True, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


async def taken(alone: AsyncConnection) -> None:
    """Return once nobody else migrates. Asked again and again: whoever waits inside a statement is waited for by an
    index that is built beside its writers."""
    while not await alone.scalar(text(f"SELECT pg_try_advisory_lock({ALONE})")):
        await alone.commit()
        await asyncio.sleep(ASK_AGAIN_SECONDS)
    await alone.commit()


async def main(url: str) -> None:
    engine = create_engine(url)
    try:
        async with engine.connect() as alone:
            await taken(alone)
            async with engine.connect() as connection:
                await connection.execute(text("SET lock_timeout = '5s'"))
                await connection.commit()
                await connection.run_sync(run)
                await connection.commit()
    finally:
        await engine.dispose()


asyncio.run(main(context.config.attributes.get("url") or os.environ["DATABASE_URL"]))
