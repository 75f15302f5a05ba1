"""Databases of several sizes on one server, each as it is after five years (`dataset.sql`)."""

import asyncio
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.request import Request, urlopen

import asyncpg

from app.api.identity.api_key_secrets import Pepper
from app.embedded.cluster import Cluster
from app.persistence.administration.kept_counts import COUNT_CHANGES
from app.persistence.engine.database import open_database
from app.persistence.schema.migrations import migrate
from app.seed.demonstration_clients import make_demonstration_keys
from app.seed.published_catalogue import LA_MEDNUM, load_catalogue
from benchmarks.dataset import NOW, SECRET, adviser_id
from benchmarks.http_load import BODY
from benchmarks.server_processes import running_service

DATASET = Path(__file__).with_name("dataset.sql")
SAMPLE_ADVISER = 1 << 40  # far from all others
# On the server that is measured: the time to load is not, and the disk's is nobody's processor time.
CLUSTER_SETTINGS: Mapping[str, str] = {
    "shared_buffers": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "fsync": "off",
    "max_connections": "100",
    "autovacuum": "off",  # a size is measured as it is, while nobody tidies behind it
}
ADD_SAMPLE_ADVISER = f"""INSERT INTO adviser (id, conum_id, first_name, last_name, email, department, in_scheme,
    initial_training_entered_on, initial_training_ended_on, version, created_at, updated_at)
VALUES ('{{0}}', {SAMPLE_ADVISER}, 'Camille', 'Exemple', 'camille@example.org', '35', true, '2022-03-14', '2022-06-14',
    1, now(), now());
INSERT INTO contract (id, adviser_id, type, starts_on, employer_siret, employer_name, employer_legal_form,
    employer_aidants_connect_accredited, ds_file_number, contract_uploaded_on, validated_on, version, created_at,
    updated_at)
VALUES (gen_random_uuid(), '{{0}}', 'CDI', '2022-01-10', '21350238800019', 'Ville', 'public', false, '1234567',
    '2022-01-17', '2022-01-20', 1, now(), now());
INSERT INTO certification (id, adviser_id, qualification, outcome, "on", attempt, version, created_at, updated_at)
SELECT gen_random_uuid(), '{{0}}', q, 'obtained', '2022-09-12', 1, 1, now(), now() FROM unnest(ARRAY['remn-ccp1',
    'pix']) q"""

# Every foreign key, by a query that counts the rows without their target.
FOREIGN_KEYS = """SELECT format('SELECT %L, count(*) FROM %s s WHERE s.%I IS NOT NULL AND NOT EXISTS (SELECT FROM %s t
    WHERE t.%I = s.%I)', conname, conrelid::regclass, a.attname, confrelid::regclass, f.attname, a.attname)
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
JOIN pg_attribute f ON f.attrelid = confrelid AND f.attnum = confkey[1] WHERE contype = 'f'"""


@dataclass(frozen=True, slots=True)
class GrownDatabase:
    """A database of so many `advisers`; `keys` are those of the demonstration's clients, by role."""

    advisers: int
    url: str
    keys: Mapping[str, str]
    seconds: float


def psql(cluster: Cluster, url: str, *arguments: str) -> str:
    """What psql answers, unaligned. Raise CalledProcessError."""
    command: list[str | Path] = [cluster.binaries / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def build(cluster: Cluster, advisers: int, *, is_checked: bool) -> GrownDatabase:
    """`is_checked`: whether every foreign key is looked up again, which takes as long as making the rows."""
    begun = monotonic()
    name = f"growth_{advisers}"
    cluster.create_database(name)
    url = cluster.url(name)
    migrate(url)
    keys = asyncio.run(_catalogue_and_keys(url))
    psql(cluster, url, "-c", ADD_SAMPLE_ADVISER.format(adviser_id(SAMPLE_ADVISER)))
    _register_sample(url, keys["admin"])
    psql(cluster, url, "-v", f"advisers={advisers}", "-v", f"whole={LA_MEDNUM}", "-f", str(DATASET))
    if is_checked:
        queries = psql(cluster, url, "-c", FOREIGN_KEYS.replace("\n", " ")).splitlines()
        broken = [line for query in queries if not (line := psql(cluster, url, "-c", query).strip()).endswith("|0")]
        if broken:
            raise ValueError(broken)
    asyncio.run(_count_everything(url))
    return GrownDatabase(advisers, url, keys, monotonic() - begun)


async def _count_everything(url: str) -> None:
    """Count as the worker does, some at a time, until all is counted; here at once, by joins of whole tables."""
    connection = await asyncpg.connect(url, ssl=False)
    statement = COUNT_CHANGES.replace(" OFFSET 0", "").replace("$1", "'-infinity'").replace("$2", "now()")
    await connection.execute(f"SET work_mem = '256MB'; SET jit = off; {statement}")
    await connection.execute("VACUUM ANALYZE counted_registration")
    await connection.execute("VACUUM ANALYZE registration_count")
    await connection.close()


def query_number(url: str, statement: str) -> float:
    """The one value of the one row."""

    async def value() -> float:
        connection = await asyncpg.connect(url, ssl=False)
        try:
            return float(await connection.fetchval(statement))
        finally:
            await connection.close()

    return asyncio.run(value())


async def _catalogue_and_keys(url: str) -> dict[str, str]:
    database = open_database(url, pool_size=1, secrets=(SECRET,))
    await load_catalogue(database, "support@example.org", NOW)
    keys = await make_demonstration_keys(database, Pepper((SECRET,)), NOW)
    await database.close()
    return keys


def _register_sample(url: str, key: str) -> None:
    """Register the sample adviser through the service: what it writes is what all rows are copies of."""
    body = BODY.replace("ADVISER", adviser_id(SAMPLE_ADVISER)).encode()
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": "growth-" + adviser_id(SAMPLE_ADVISER),
    }
    with running_service(url) as server:
        urlopen(Request(f"{server.base_url}/v1/registrations", body, headers)).close()  # noqa: S310  # our own server
