"""Give committed events their positions in the feed, in commit order, and create their deliveries."""

from datetime import datetime
from uuid import UUID

from app.domain.events import EMAILED_ONCE, SENT_TO_ALL_CONCERNED
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown
from app.persistence.outbox import assign_feed_positions, messages
from app.persistence.outbox.assign_feed_positions import SequencedBatch
from app.persistence.outbox.deliveries import enqueue_webhooks
from app.persistence.outbox.email_deduplication import drop_repeated_emails
from app.use_cases.notifications.event_payloads import email_deliveries_of, webhook_deliveries_of


async def sequence_events(database: Database, now: datetime) -> int:
    """Number the events that wait, at most a batch of them; return how many, 0 when none waits or another process is
    numbering. Their webhooks and e-mails are due from then on.

    Any number of processes may call it at any time: one at a time has the lock, in one transaction.
    """
    if not await assign_feed_positions.has_unsequenced_events(database):
        return 0
    try:
        async with database.transaction() as tx:
            if not await assign_feed_positions.try_lock(tx):
                return 0
            numbered = await assign_feed_positions.assign_positions(tx, SENT_TO_ALL_CONCERNED, now)
            await _enqueue_deliveries(tx, numbered)
            return numbered.count
    except CommitOutcomeUnknown:
        return 0  # committed or not, the next call reads what is stored


async def _enqueue_deliveries(transaction: Transaction, numbered: SequencedBatch) -> None:
    webhooks = [
        delivery
        for event in numbered.for_webhooks
        for delivery in webhook_deliveries_of(event, (UUID(endpoint) for endpoint in event["endpoints"]))
    ]
    await enqueue_webhooks(transaction, webhooks)
    emails = email_deliveries_of(numbered.for_emails)
    await messages.enqueue_emails(transaction, await drop_repeated_emails(transaction, emails, EMAILED_ONCE))
