"""A backlog of e-mails costs the webhooks nothing: they are claimed by index, whatever the planner believes."""

import pytest

from app.persistence.engine.database import Database
from app.persistence.outbox.delivery_claims import CLAIM, LOCK_DUE_LANES

# All that waits is in one lane: to the planner, anything that waits is soon found wherever it begins to look.
A_BACKLOG = """INSERT INTO delivery
    (id, channel, lane_id, event_id, recipient, type, adviser_id, state, next_attempt_at, created_at)
SELECT gen_random_uuid(), 'email', '00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'adviser',
    'registration.accepted', gen_random_uuid(), 'due', now(), now() FROM generate_series(1, 20000)"""
STATEMENTS = {
    "lanes": f"PREPARE claims (text, int) AS {LOCK_DUE_LANES}",
    "deliveries": f"PREPARE claims (uuid[], int, int, interval) AS {CLAIM}",
}
EXECUTIONS = {
    "lanes": "EXPLAIN EXECUTE claims ('webhook', 64)",
    "deliveries": "EXPLAIN EXECUTE claims ('{00000000-0000-0000-0000-000000000002}', 4, 64, '60 s')",
}


@pytest.mark.parametrize("claimed", STATEMENTS)
async def test_webhooks_are_claimed_by_index_beside_a_backlog_of_e_mails(
    database: Database, owner: Database, claimed: str
) -> None:
    await owner.one(A_BACKLOG)
    await owner.one("ANALYZE delivery")

    async with database.transaction() as tx:
        await tx.run(STATEMENTS[claimed])
        plan = await tx.many(EXECUTIONS[claimed])

    assert [row["QUERY PLAN"] for row in plan if "Seq Scan on delivery" in row["QUERY PLAN"]] == []
