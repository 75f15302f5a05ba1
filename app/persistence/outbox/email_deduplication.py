"""Finds e-mails that would repeat what their recipient was told last.

Programs get every event; a person is not written to each time the same thing is decided again.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from app.persistence.engine.database import Transaction
from app.persistence.outbox.messages import NewEmailDelivery, as_columns

# What an e-mail says comes from its event and its decision. It is compared with the one before it in its thread: to the
# same recipient, about the same request, however often that was made. It says something new when its words differ, or
# once when only the cause of the decision does. A regularisation notice has a thread of its own. E-mails that
# never arrived don't count. Each LATERAL keeps the planner to the
# keys, whatever its statistics.
JOIN_REQUEST = """LEFT JOIN LATERAL (
        SELECT concat_ws(' ', training_organisation_id, module_code, session_starts_on) AS request FROM registration
        WHERE id = {}.registration_id OFFSET 0
    ) r ON true"""
FIND_REPEATED = f"""WITH given AS (
    SELECT g.*, true AS is_new, r.request
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[])
        AS g (id, event_id, type, recipient, adviser_id, registration_id, decision_id) {JOIN_REQUEST.format("g")}
), threads AS (
    SELECT DISTINCT adviser_id, recipient, request FROM given WHERE type = ANY($8)
), gone_before AS (
    SELECT d.*, false AS is_new, r.request FROM threads t CROSS JOIN LATERAL (
        SELECT id, event_id, type, recipient, adviser_id, registration_id, decision_id FROM delivery
        WHERE adviser_id = t.adviser_id AND recipient = t.recipient AND channel = 'email'
            AND state IN ('due', 'in_flight', 'delivered') OFFSET 0
    ) d {JOIN_REQUEST.format("d")} WHERE r.request IS NOT DISTINCT FROM t.request
), said AS (
    SELECT a.id, a.is_new, a.type, concat_ws(' ', a.type, o.data::text, k.reasons::text) AS words, k.cause,
        concat_ws(' ', a.adviser_id, a.recipient, a.request,
            CASE a.type WHEN 'registration.regularisation_notified' THEN a.type END) AS thread
    FROM (SELECT * FROM given UNION ALL SELECT * FROM gone_before) a
    CROSS JOIN LATERAL (SELECT data FROM outbox WHERE event_id = a.event_id OFFSET 0) o
    LEFT JOIN LATERAL (SELECT cause, reasons FROM decision WHERE id = a.decision_id OFFSET 0) k ON true
), followed AS (
    SELECT *, words IS DISTINCT FROM lag(words) OVER (PARTITION BY thread ORDER BY is_new, id) AS is_news FROM said
), stretched AS (
    SELECT *, count(*) FILTER (WHERE is_news) OVER (PARTITION BY thread ORDER BY is_new, id) AS stretch FROM followed
), counted AS (
    SELECT *, row_number() OVER (PARTITION BY thread, stretch, cause ORDER BY is_new, id) AS times FROM stretched
)
SELECT id FROM counted WHERE is_new AND times > 1 AND type = ANY($8)"""


async def drop_repeated_emails(
    transaction: Transaction, deliveries: Sequence[NewEmailDelivery], types: Collection[str]
) -> list[NewEmailDelivery]:
    """The deliveries that say something new to their recipient; one of another type than `types` always does."""
    if not any(each.type in types for each in deliveries):
        return [*deliveries]
    rows = await transaction.many(FIND_REPEATED, *as_columns(deliveries), [*types])
    repeated: set[UUID] = {row["id"] for row in rows}
    return [each for each in deliveries if each.id not in repeated]
