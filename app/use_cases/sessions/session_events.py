"""The events of a session as a whole: what its organisation and the platform are told once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.events import Event, EventType, Recipient, Subject
from app.domain.facts.training_organisation import TrainingOrganisationId
from app.persistence.engine.driver_types import Row


def session_event(
    event_type: EventType, row: Row, said_besides: Mapping[str, Any] | None = None, *, told: bool = False
) -> Event:
    """`row` is that of the session. `told`: its organisation gets an e-mail, the one summary of what was done."""
    return Event(
        event_type,
        Subject.SESSION,
        UUID(str(row["id"])),
        row["version"],
        None,
        TrainingOrganisationId(UUID(str(row["training_organisation_id"]))),
        {
            "module_code": row["module_code"],
            "session_starts_on": row["starts_on"],
            "session_ends_on": row["ends_on"],
            "seats_taken": row["seats_taken"],
            "seats_waiting": row["seats_waiting"],
            **(said_besides or {}),
        },
        (Recipient.TRAINING_ORGANISATION,) if told else (),
    )
