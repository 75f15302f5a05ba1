"""The e-mail of the demonstration, to be read in the mailbox: it is never sent, and holds nobody's address."""

from uuid import NAMESPACE_URL, uuid5

from app.persistence.engine.database import Database
from app.persistence.outbox import delivery_claims, delivery_results, messages
from app.persistence.outbox.deliveries import Channel
from app.persistence.outbox.delivery_results import AttemptResult
from app.persistence.outbox.messages import NewEmailDelivery

DEMONSTRATION_MESSAGE = uuid5(NAMESPACE_URL, "urn:inscriptions:message:over-quota")


async def add_demonstration_message(database: Database) -> None:
    """To the first adviser who waits over quota, if there is one and unless the e-mail exists."""
    async with database.transaction() as tx:
        found = await messages.oldest_unannounced_over_quota(tx)
        if found is None or await messages.read_message(tx, DEMONSTRATION_MESSAGE) is not None:
            return
        await messages.enqueue_emails(tx, [NewEmailDelivery(id=DEMONSTRATION_MESSAGE, recipient="adviser", **found)])
    taken = await delivery_claims.claim(database, {Channel.EMAIL: 1}, lane_limit=1)
    await delivery_results.settle_delivered(database, [(claimed, AttemptResult(duration_ms=0)) for claimed in taken])
