"""Give committed events their place in the feeds, in an order that no reader can be surprised by, and post them."""

from datetime import datetime
from uuid import UUID

from app.domain.events import EMAILED_ONCE, SENT_TO_ALL_CONCERNED
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown
from app.persistence.outbox import feed_positions, messages
from app.persistence.outbox.deliveries import enqueue_webhooks
from app.persistence.outbox.email_deduplication import drop_repeated_emails
from app.use_cases.notifications.event_payloads import email_deliveries_of, webhook_delivery_of


async def sequence_events(database: Database, now: datetime) -> int:
    """Place the events that wait, at most a batch of them; return how many, 0 when none waits or another is at it.
    What webhook endpoints ask for, and e-mails, are due from then on.

    Harmless anywhere at any time: whoever comes second leaves, and a process that dies here leaves nothing half done.
    """
    if not await feed_positions.has_unsequenced_events(database):
        return 0
    try:
        async with database.transaction() as tx:
            if not await feed_positions.try_lock(tx):
                return 0
            numbered = await feed_positions.assign_positions(tx, SENT_TO_ALL_CONCERNED, now)
            deliveries = [
                webhook_delivery_of(event, UUID(endpoint))
                for event in numbered.for_webhooks
                for endpoint in event["endpoints"]
            ]
            await enqueue_webhooks(tx, deliveries)
            emails = [email for event in numbered.for_emails for email in email_deliveries_of(event)]
            await messages.enqueue_emails(tx, await drop_repeated_emails(tx, emails, EMAILED_ONCE))
            return numbered.count
    except CommitOutcomeUnknown:
        return 0  # they have their places or still wait for them: whoever looks next sees which
