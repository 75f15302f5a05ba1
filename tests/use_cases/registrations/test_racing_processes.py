"""Two processes with the same advisers and the same keys: each registration is made once, on the facts as they are."""

from collections import Counter

from app.persistence.engine.connection_pool import SERVICE_ROLE
from app.persistence.engine.database import Database
from tests import forks
from tests.persistence.engine.test_idempotency import counts
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.registrations.racing_process import PROCESSES, REGISTRATIONS_OF_EACH
from tests.use_cases.use_case_builders import an_adviser_in_post

PEOPLE = 40
RED_RACES = 5
MODULE = "tests.use_cases.registrations.racing_process"


async def race(database: Database, owner: Database, database_url: str, *options: str) -> Counter[int]:
    """How many advisers have so many funded registrations, once two processes have registered all of them."""
    await owner.one("DROP TABLE IF EXISTS racing_process")
    await owner.one("CREATE TABLE racing_process ()")
    await owner.one(f"GRANT SELECT, INSERT ON racing_process TO {SERVICE_ROLE}")
    for _ in range(PEOPLE):
        await an_adviser_in_post(database)
    processes = [forks.start(MODULE, database_url, str(seed), *options) for seed in range(PROCESSES)]
    assert [process.wait(120) for process in processes] == [0] * PROCESSES
    funded = await database.many(
        "SELECT count(*) FILTER (WHERE funding = 'state') AS units FROM registration GROUP BY adviser_id"
    )
    return Counter(row["units"] for row in funded)


async def test_each_registration_is_made_once_and_each_right_given_once(
    database: Database, database_url: str, owner: Database
) -> None:
    assert await race(database, owner, database_url) == {1: PEOPLE}

    made = PEOPLE * REGISTRATIONS_OF_EACH
    assert await counts(database) == {"registration": made, "decision": made, "outbox": made, "idempotency": made}
    assert len(await database.many("SELECT FROM audit_log WHERE action = 'registerAdviser'")) == made
    assert len(await assert_every_decision_replays(database)) == made


async def test_red_run_without_the_version_a_right_is_given_twice(
    database: Database, database_url: str, owner: Database
) -> None:
    await owner.one("ALTER TABLE registration DROP CONSTRAINT uq_registration_unit")

    # On a busy machine one process may stay behind the other for the whole of a race: others race then.
    most = 1
    for _ in range(RED_RACES):
        most = most if most > 1 else max(await race(database, owner, database_url, "--without-the-version"))

    assert most > 1
