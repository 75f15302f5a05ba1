"""Give committed events their place in the feeds, in an order that no reader can be surprised by, and post them."""

from datetime import datetime
from uuid import UUID

from app.domain.events import SAID_ONCE, TOLD_TO_ALL_CONCERNED
from app.persistence.engine.database import Database, OutcomeUnknown
from app.persistence.outbox import feed_positions, messages
from app.persistence.outbox.deliveries import post
from app.persistence.outbox.email_deduplication import without_repetitions
from app.use_cases.notifications.event_payloads import envelopes_of, letter_of


async def sequence(database: Database, now: datetime) -> int:
    """Place the events that wait, at most a batch of them; return how many, 0 when none waits or another is at it.
    What webhook endpoints ask for, and e-mails, are due from then on.

    Harmless anywhere at any time: whoever comes second leaves, and a process that dies here leaves nothing half done.
    """
    if not await feed_positions.is_waiting(database):
        return 0
    try:
        async with database.transaction() as tx:
            if not await feed_positions.take_turn(tx):
                return 0
            numbered = await feed_positions.number(tx, TOLD_TO_ALL_CONCERNED, now)
            letters = [letter_of(event, UUID(endpoint)) for event in numbered.wanted for endpoint in event["endpoints"]]
            await post(tx, letters)
            envelopes = [envelope for event in numbered.written for envelope in envelopes_of(event)]
            await messages.post(tx, await without_repetitions(tx, envelopes, SAID_ONCE))
            return numbered.taken
    except OutcomeUnknown:
        return 0  # they have their places or still wait for them: whoever looks next sees which
