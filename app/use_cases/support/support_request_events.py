"""What is announced of a support request: ids, kind and status, never a text."""

from app.domain.events import Event, EventType, Recipient, Subject, email_recipients
from app.domain.facts.adviser import AdviserId
from app.domain.facts.training_organisation import TrainingOrganisationId
from app.persistence.engine.driver_types import Row

TOLD_COLUMNS = ("kind", "status", "registration_id", "certification_id")


def support_request_event(event_type: EventType, row: Row) -> Event:
    """Of a row of the table `support_request`. Of training organisations, the one that opened it is told: no other may
    read it. No employer is told: it neither acts nor pays, and need not know of it."""
    organisation = row["training_organisation_id"]
    recipients = tuple(
        item
        for item in email_recipients(event_type)
        if organisation is not None or item is not Recipient.TRAINING_ORGANISATION
    )
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
