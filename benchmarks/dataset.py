"""What is in the database before anything is measured: advisers in post, with some years of registrations."""

import asyncio
import os
import subprocess
from datetime import UTC, datetime

from app.api.identity.api_key_secrets import Pepper
from app.embedded.cluster import Cluster
from app.persistence.engine.database import open_database
from app.seed.demonstration_clients import make_demonstration_keys
from app.seed.published_catalogue import LA_MEDNUM, load_catalogue

ADVISERS = int(os.environ.get("BENCH_ADVISERS", "160000"))
WITH_HISTORY = 20_000  # read by the rows of reads
MODULE = "numerique-responsable"
SECRET = "a-secret-of-the-benchmark-that-is-long-enough"  # noqa: S105  # of a database that lives for a minute
NOW = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
FACTS = '{"file": {"registrations": []}}'

_ADVISER = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
_CONTRACT = "('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid"
_REGISTRATION = "('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid"
_DECISION = "('00000000-0000-7000-b000-' || lpad(to_hex(n), 12, '0'))::uuid"


def adviser_id(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012x}"


def registration_id(number: int) -> str:
    return f"00000000-0000-7000-a000-{number:012x}"


def statements(advisers: int) -> tuple[str, ...]:
    """SQL that makes so many advisers in post, numbered from 1, each with two registrations of former years."""
    return (
        # The rows refer to one another by construction: that no trigger looks again makes this twice as fast.
        "SET session_replication_role = replica",
        f"""INSERT INTO adviser (id, conum_id, first_name, last_name, department, in_scheme, initial_training_entered_on,
            version, created_at, updated_at)
        SELECT {_ADVISER}, n, 'Camille', 'Exemple', '35', true, '2022-03-14', 1, now(), now()
        FROM generate_series(1, {advisers}) n""",
        f"""INSERT INTO contract (id, adviser_id, type, starts_on, employer_siret, employer_name, employer_legal_form,
            employer_aidants_connect_accredited, ds_file_number, contract_uploaded_on, validated_on, version, created_at,
            updated_at)
        SELECT {_CONTRACT}, {_ADVISER}, 'CDI', '2022-01-10', '21350238800019', 'Ville', 'public', false, '1234567',
            '2022-01-17', '2022-01-20', 1, now(), now() FROM generate_series(1, {advisers}) n""",
        f"""INSERT INTO certification (id, adviser_id, qualification, outcome, "on", attempt, version, created_at, updated_at)
        SELECT gen_random_uuid(), {_ADVISER}, q, 'obtained', '2022-09-12', 1, 1, now(), now()
        FROM generate_series(1, {advisers}) n, unnest(ARRAY['remn-ccp1', 'pix']) q""",
        f"""INSERT INTO registration (id, adviser_id, module_code, training_organisation_id, session_starts_on,
            session_ends_on, session_format, requested_on, employer_agreement, status, funding, payer, unit, offered_payers,
            decision_id, version, created_at, updated_at)
        SELECT {_REGISTRATION}, ('00000000-0000-7000-8000-' || lpad(to_hex(1 + n / 2), 12, '0'))::uuid,
            CASE WHEN n % 2 = 0 THEN '{MODULE}' ELSE 'handicap' END, '{LA_MEDNUM}',
            make_date(2024 + n % 2, 5, 13), make_date(2024 + n % 2, 5, 14), 'remote', make_date(2024 + n % 2, 4, 1), false,
            'completed', 'state', 'state', 'civil_year:' || 2024 + n % 2 || '#1', '{{}}', {_DECISION}, 1,
            now() - n * interval '1 minute', now() FROM generate_series(0, {2 * advisers - 1}) n""",
        f"""INSERT INTO decision (id, registration_id, adviser_id, cause, outcome, reasons, rules, funding, unit,
            policy_version, facts, automatic, decided_by, decided_at)
        SELECT d.decision_id, d.id, d.adviser_id, 'request', 'accepted', '[]', '{{R22}}', 'state', d.unit, '2021-01-01',
            '{FACTS}', true, d.adviser_id, d.created_at FROM registration d""",
    )


async def _keys(url: str) -> dict[str, str]:
    database = open_database(url, pool_size=1, secrets=(SECRET,))
    await load_catalogue(database, "support@example.org", NOW)
    keys = await make_demonstration_keys(database, Pepper((SECRET,)), NOW)
    await database.close()
    return keys


def populate(cluster: Cluster, url: str, advisers: int = ADVISERS, *more: str) -> dict[str, str]:
    """The demonstration keys of the populated database, in which `more` statements were executed last."""
    keys = asyncio.run(_keys(url))
    execute(cluster, url, *statements(advisers), *more, "VACUUM ANALYZE", "CHECKPOINT")
    return keys


def execute(cluster: Cluster, url: str, *sql: str) -> None:
    """Execute the statements in turn, in one session, each committed. Raise CalledProcessError."""
    arguments = [argument for statement in sql for argument in ("-c", statement)]
    subprocess.run([cluster.binaries / "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", url, *arguments], check=True)
