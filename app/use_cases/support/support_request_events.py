"""What is announced of a support request: ids, kind and status, never a text."""

from app.domain.decisions.refusals import Actor, Reason
from app.domain.event_recipients import email_recipients
from app.domain.events import Event, EventType, Recipient, Subject
from app.domain.facts.adviser import AdviserId
from app.domain.facts.registration_terms import Status
from app.domain.facts.support_request import SupportRequestKind
from app.domain.facts.training_organisation import TrainingOrganisationId
from app.domain.registration_events import PAID_BY_EMPLOYER
from app.persistence import support_requests
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row

EMPLOYER_REASONS = frozenset(reason.value for reason in Reason if reason.who_acts is Actor.EMPLOYER)
TOLD_COLUMNS = ("kind", "status", "registration_id", "certification_id")


async def support_request_event(reader: Reader, event_type: EventType, row: Row) -> Event:
    """Of a row of the table `support_request`. Of training organisations, the one that opened it is told: no other may
    read it. The employer is told of the contestation of a registration that it pays for, or of a refusal that it must
    put right; never of a justification, which may be about somebody's health."""
    organisation = row["training_organisation_id"]
    told = email_recipients(event_type, employer_acts=await _concerns_employer(reader, row))
    recipients = tuple(item for item in told if organisation is not None or item is not Recipient.TRAINING_ORGANISATION)
    return Event(
        event_type,
        Subject.SUPPORT_REQUEST,
        row["id"],
        row["version"],
        AdviserId(row["adviser_id"]),
        TrainingOrganisationId(organisation) if organisation else None,
        {name: row[name] for name in TOLD_COLUMNS},
        recipients,
    )


async def _concerns_employer(reader: Reader, row: Row) -> bool:
    if row["registration_id"] is None or row["kind"] != SupportRequestKind.CONTESTATION:
        return False
    contested = await support_requests.read_contested(reader, row["registration_id"])
    acts = not EMPLOYER_REASONS.isdisjoint(contested["reasons"])
    return contested["payer"] in PAID_BY_EMPLOYER or (contested["status"] == Status.REFUSED and acts)
