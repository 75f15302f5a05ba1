"""Versions of the funding policy: written once and never changed, so that each is read once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from app.domain.facts.policy import Policies, Policy
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows

POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)

VERSIONS = "SELECT array_agg(version) AS versions FROM policy"
CONTENTS = "SELECT version, content FROM policy WHERE version = ANY($1)"
ADD = """INSERT INTO policy (version, effective_from, content, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING version, content::text AS content, created_at"""
RESOURCE = "SELECT p.version, p.content::text AS content, p.created_at FROM policy p"


async def load_policies(reader: Reader, versions: Sequence[str] | None) -> Policies:
    """Return these versions, oldest first (their names are dates); read only those not cached. Raise LookupError when
    there is none."""
    if not versions:
        raise LookupError("no policy in the database: run `python -m app seed`")
    unknown = [version for version in versions if version not in reader.policies]
    if unknown:
        for row in await reader.many(CONTENTS, unknown):
            reader.policies[row["version"]] = POLICY.validate_json(row["content"])
    return Policies(tuple(reader.policies[version] for version in sorted(versions)))


async def read_policies(reader: Reader) -> Policies:
    row = await reader.one(VERSIONS)
    return await load_policies(reader, row["versions"] if row else None)


async def add(transaction: Transaction, policy: Policy, now: datetime) -> Row | None:
    """Insert a version; None when one with the same `effective_from` is there, which stays as it is."""
    content = POLICY.dump_json(policy).decode()
    return await transaction.one(ADD, policy.version, policy.effective_from, content, now)


async def read(reader: Reader, version: str) -> Row | None:
    return await reader.one(f"{RESOURCE} WHERE p.version = $1", version)


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    """Oldest first."""
    return await replace(page, key="version").fetch(reader, RESOURCE, table_alias="p")
