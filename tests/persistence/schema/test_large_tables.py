"""What is asked about one adviser is found by indexes, in tables of millions of rows.

Plans of small tables say little: sequential scans are forbidden to the planner, so that one which stays is one that no
index can replace.
"""

import re

import pytest

from app.persistence.administration.audit_log import NAMES_SUBJECT
from app.persistence.advisers.personal_data import FIND_INACTIVE
from app.persistence.engine.database import Database
from app.persistence.schema.personal_data_statements import ERASURES, READ_EVERYTHING

LARGE = (
    "adviser",
    "contract",
    "registration",
    "decision",
    "outbox",
    "feed_entry",
    "audit_log",
    "delivery",
    "delivery_attempt",
)
SHORT_INDEX = "ix_outbox_unsequenced"  # of the events of a second or two
PARAMETERS = ("uuid", "bigint[]", "timestamptz")
STATEMENTS = {
    "the export": (READ_EVERYTHING, PARAMETERS),
    **{f"the erasure from {name}": (statement, PARAMETERS) for name, statement in ERASURES.items()},
    "the audit log of an adviser": (
        f"SELECT l.* FROM audit_log l WHERE {NAMES_SUBJECT.format('$1', t='l')} ORDER BY l.id LIMIT $2",  # noqa: S608  # our own words
        ("uuid", "bigint"),
    ),
    "the next inactive adviser": (FIND_INACTIVE, ("timestamptz", "int", "uuid", "int")),
}


async def plan_of(database: Database, statement: str, types: tuple[str, ...]) -> str:
    """The plan for any values, as the service has it, without sequential scans where it can be."""
    nothing = ", ".join("NULL" for _ in types)
    async with database.transaction() as tx:
        await tx.run("SET LOCAL enable_seqscan = off")
        if " LIMIT " in statement:  # the planner likes to walk a table in its order until a page is full
            await tx.run("SET LOCAL enable_sort = off")
        await tx.run(f"PREPARE asked ({', '.join(types)}) AS {statement}")
        rows = await tx.many(f"EXPLAIN (COSTS off) EXECUTE asked ({nothing})")
        await tx.run("DEALLOCATE asked")
    return "\n".join(row["QUERY PLAN"] for row in rows)


def scanned(plan: str) -> set[str]:
    """The large tables that the plan reads whole: one row after the other, or an index without a condition."""
    found = set[str]()
    for node in re.split(r"\n *->  ", plan):
        scan = re.match(r"(Seq Scan|Index (?:Only )?Scan(?: Backward)? using (\w+)) on (\w+)", node)
        if scan is not None and "Index Cond" not in node and scan[2] != SHORT_INDEX:
            found.add(scan[3])
    return found & {*LARGE}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_no_large_table_is_read_whole(database: Database, name: str) -> None:
    plan = await plan_of(database, *STATEMENTS[name])

    assert scanned(plan) == set(), plan


async def test_red_run_a_table_that_is_read_whole_is_seen(database: Database) -> None:
    plan = await plan_of(database, "SELECT * FROM outbox WHERE data = $1", ("jsonb",))

    assert scanned(plan) == {"outbox"}
