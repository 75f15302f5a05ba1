"""E-mails: deliveries that name an event and a kind of recipient. Texts and addresses are made when they are read."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.outbox.deliveries import MAX_ATTEMPTS_SHOWN, Channel
from app.persistence.outbox.employer_recipient import (
    ACTING_EMPLOYER_CONTRACT,
    COVERING_CONTRACT,
    EVENT_DAY,
    SESSION_OR_EVENT_DAY,
)
from app.persistence.outbox.message_sessions import PUBLISHED_SESSION

EMAIL_LANE_ID = UUID(int=1)  # all e-mails share one mail server
ENDPOINT_OWNER_RECIPIENT = "endpoint_owner"  # a recipient, beside those of events


class NewEmailDelivery(NamedTuple):
    """An e-mail about an event to a kind of recipient, never an address; `id` is a UUIDv7. `adviser_id` is None when it
    is about a session as a whole."""

    id: UUID
    event_id: UUID
    type: str
    recipient: str
    adviser_id: UUID | None
    registration_id: UUID | None
    decision_id: UUID | None


@dataclass(frozen=True, slots=True)
class EndpointWarningEmail:
    """A warning to the owner of a webhook endpoint: since when it fails, how often, and how it failed last."""

    endpoint_id: UUID
    kind: str
    failing_since: datetime
    failures: int
    status: int | None
    error: str | None


_EMPLOYER_AT_ONCE = ACTING_EMPLOYER_CONTRACT.format(adviser="g.adviser_id", day=SESSION_OR_EVENT_DAY, today=EVENT_DAY)

# Once for an event and a recipient, and once for a decision over quota (`uq_delivery_over_quota`). Nothing to an
# employer when there is none.
INSERT_DELIVERIES = f"""INSERT INTO delivery (id, event_id, type, recipient, adviser_id, registration_id, decision_id,
    lane_id, channel, state, next_attempt_at, created_at)
SELECT g.*, '{EMAIL_LANE_ID}', '{Channel.EMAIL}', 'due', now(), now()
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[])
    AS g (id, event_id, type, recipient, adviser_id, registration_id, decision_id)
WHERE g.recipient <> 'employer' OR EXISTS (
    SELECT FROM outbox o CROSS JOIN LATERAL ({_EMPLOYER_AT_ONCE}) e WHERE o.event_id = g.event_id)
ON CONFLICT DO NOTHING"""

# $1 and $2 are the ids of the e-mail and of the warning.
INSERT_WARNING = f"""WITH warning AS (
    INSERT INTO endpoint_warning (id, endpoint_id, kind, failing_since, failures, status, error, at)
    VALUES ($2, $3, $4, $5, $6, $7, $8, now())
)
INSERT INTO delivery (id, event_id, type, recipient, lane_id, channel, state, next_attempt_at, created_at)
VALUES ($1, $2, $9, '{ENDPOINT_OWNER_RECIPIENT}', '{EMAIL_LANE_ID}', '{Channel.EMAIL}', 'due', now(), now())"""

RESOURCE = f"""SELECT d.id, d.adviser_id, d.registration_id, d.event_id, d.type AS template,
    d.recipient AS recipient_kind, d.state, d.replay, d.next_attempt_at, d.created_at,
    (SELECT coalesce(json_agg(a ORDER BY a.id), '[]') FROM (
        SELECT id, at, status, duration_ms, error FROM delivery_attempt WHERE delivery_id = d.id
        ORDER BY id DESC LIMIT {MAX_ATTEMPTS_SHOWN}) a) AS attempts
FROM delivery d"""
READ_ONE = f"{RESOURCE} WHERE d.id = $1 AND d.channel = '{Channel.EMAIL}'"

# A replay may be sent long after the event: to the employer of that day.
_TODAY = (
    f"CASE WHEN d.replay > 0 THEN greatest({EVENT_DAY}, (now() AT TIME ZONE 'Europe/Paris')::date) ELSE {EVENT_DAY} END"
)
_EMPLOYER = ACTING_EMPLOYER_CONTRACT.format(adviser="d.adviser_id", day="s.day", today="s.today")
_CONTRACT = COVERING_CONTRACT.format(adviser="d.adviser_id", day="s.day")

# The policy is that of the decision; without one, that of the day. What a support request is about is in its event.
EMAIL_CONTEXT = f"""SELECT d.id, d.type, d.recipient, d.state, d.replay, d.created_at, d.adviser_id,
    coalesce(d.registration_id, r.id) AS registration_id, c.id AS certification_id, d.decision_id,
    o.data::text AS data, {EVENT_DAY} AS occurred_on,
    a.first_name, a.last_name, a.email AS adviser_email, m.title AS module, m.kind AS module_kind,
    t.name AS organisation, t.email AS training_organisation_email, e.employer_name AS employer,
    e.employer_contact_email AS employer_email, v.employer_legal_form AS legal_form,
    CASE WHEN e.id = v.id THEN v.ds_file_number END AS ds_file_number,
    r.session_starts_on, r.session_ends_on, r.session_place, r.positioning_taken_on, r.positioning_hours,
    k.cause, k.outcome, k.unit, k.funding AS decided_funding, k.automatic, k.rules, k.reasons::text AS reasons,
    o.subject_type, o.subject_version, {PUBLISHED_SESSION} AS published,
    (k.decided_at AT TIME ZONE 'Europe/Paris')::date AS decided_on,
    q.title AS qualification, c.next_attempt_payer, p.support_email, p.reply_days, p.answer_days,
    (SELECT json_object_agg(s.code, s.title)::text FROM qualification s
        JOIN jsonb_array_elements(o.data -> 'exams') e ON s.code = e ->> 'qualification') AS exam_titles,
    w.kind AS warning, w.endpoint_id, x.url AS endpoint_url, y.name AS client, w.failing_since, w.failures, w.status,
    w.error
FROM delivery d LEFT JOIN outbox o ON o.event_id = d.event_id LEFT JOIN adviser a ON a.id = d.adviser_id
LEFT JOIN registration r ON r.id = coalesce(d.registration_id, (o.data ->> 'registration_id')::uuid)
LEFT JOIN decision k ON k.id = d.decision_id
LEFT JOIN endpoint_warning w ON w.id = d.event_id LEFT JOIN webhook_endpoint x ON x.id = w.endpoint_id
LEFT JOIN client y ON y.id = x.client_id
LEFT JOIN module m ON m.code = coalesce(o.data ->> 'module_code', r.module_code)
LEFT JOIN training_organisation t
    ON t.id = coalesce(o.training_organisation_id, r.training_organisation_id, x.training_organisation_id)
LEFT JOIN certification c ON c.id = CASE o.subject_type WHEN 'certification' THEN o.subject_id
    WHEN 'support_request' THEN (o.data ->> 'certification_id')::uuid END
LEFT JOIN qualification q ON q.code = c.qualification
LEFT JOIN LATERAL (SELECT {SESSION_OR_EVENT_DAY} AS day, {_TODAY} AS today) s ON true
LEFT JOIN LATERAL ({_EMPLOYER}) e ON true
LEFT JOIN LATERAL ({_CONTRACT}) v ON true
LEFT JOIN LATERAL (
    SELECT n.content ->> 'support_email' AS support_email,
        (n.content #>> '{{over_quota,reply_days}}')::int AS reply_days,
        (n.content #>> '{{support,answer_days}}')::int AS answer_days
    FROM policy n WHERE n.effective_from <= o.occurred_at::date OR n.version = k.policy_version
    ORDER BY n.version = k.policy_version DESC NULLS LAST, n.effective_from DESC LIMIT 1
) p ON true
WHERE d.channel = '{Channel.EMAIL}'"""
READ_EMAIL_CONTEXT = f"{EMAIL_CONTEXT} AND d.id = $1"
LIST_NEWEST_EMAIL_CONTEXTS = f"{EMAIL_CONTEXT} ORDER BY d.id DESC LIMIT $1"


SKIP_EMAILS_ABOUT_ADVISER = f"""UPDATE delivery SET state = 'skipped', next_attempt_at = NULL, settled_at = now()
WHERE channel = '{Channel.EMAIL}' AND adviser_id = $1 AND state = 'due'"""

# Of imported history, about which no e-mail was sent.
FIND_UNANNOUNCED_OVER_QUOTA = """SELECT o.event_id, o.type, o.adviser_id, r.id AS registration_id, r.decision_id
FROM registration r JOIN outbox o ON o.subject_id = r.id AND o.history AND o.type = 'registration.over_quota'
WHERE r.status = 'awaiting_choice' ORDER BY r.id LIMIT 1"""


async def oldest_unannounced_over_quota(reader: Reader) -> Row | None:
    """The event of a registration from imported history that waits for its adviser's choice; None when none is left."""
    return await reader.one(FIND_UNANNOUNCED_OVER_QUOTA)


async def enqueue_emails(transaction: Transaction, deliveries: Sequence[NewEmailDelivery]) -> None:
    """Insert the e-mails, due at once; those that exist stay as they are."""
    if deliveries:
        await transaction.run(INSERT_DELIVERIES, *as_columns(deliveries))


def as_columns(deliveries: Sequence[NewEmailDelivery]) -> list[list[object]]:
    """One list for each field, in their order; there must be at least one delivery."""
    return [list(column) for column in zip(*deliveries, strict=True)]


async def skip_emails_about(transaction: Transaction, adviser: UUID) -> None:
    """Skip the e-mails that are due about the adviser."""
    await transaction.run(SKIP_EMAILS_ABOUT_ADVISER, adviser)


async def enqueue_endpoint_warning(transaction: Transaction, warning: EndpointWarningEmail) -> None:
    """Insert the warning, and an e-mail about it to the owner of the endpoint."""
    event_type = f"webhook_endpoint.{warning.kind}"
    await transaction.run(INSERT_WARNING, uuid7(), uuid7(), *astuple(warning), event_type)


async def read_email_context(reader: Reader, message: UUID) -> Row | None:
    """All that an e-mail is composed from, as of now; what was erased is null."""
    return await reader.one(READ_EMAIL_CONTEXT, message)


async def list_newest_email_contexts(reader: Reader, limit: int) -> list[Row]:
    return await reader.many(LIST_NEWEST_EMAIL_CONTEXTS, limit)


async def read_message(reader: Reader, message: UUID) -> Row | None:
    return await reader.one(READ_ONE, message)


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    """Newest first."""
    return await replace(page, newest_first=True).fetch(reader, RESOURCE, table_alias="d")
