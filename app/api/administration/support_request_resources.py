"""Support requests as clients are shown them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.api.administration.support_request_bodies import PeriodName
from app.api.http.bodies.json_responses import format_instant, resource_fields
from app.api.http.fields.field_types import BucketName, Motive, Version
from app.domain.facts.support_request import Requester, SupportEffect, SupportRequestKind, SupportRequestStatus
from app.persistence.engine.driver_types import Row

ANOTHER_CLIENT_ID = UUID(int=0)


class SupportAnswerResource(TypedDict):
    """La réponse d’une personne, pourquoi, et ce qu’elle a fait aussitôt ; le motif est null une fois effacé. Pour un
    organisme de formation, `answered_by` est l’identifiant nul."""

    granted: bool
    motive: Motive | None
    effect: SupportEffect | None
    answered_by: UUID
    answered_at: datetime


class SupportRequestResource(TypedDict):
    """Une demande au support ; `text` est null une fois effacé. `answer` est null tant que personne n’a répondu."""

    id: UUID
    kind: SupportRequestKind
    adviser_id: UUID
    registration_id: UUID | None
    certification_id: UUID | None
    bucket: BucketName | None
    period: PeriodName | None
    text: Motive | None
    status: SupportRequestStatus
    opened_by: Requester
    answer_due_on: Annotated[date, Field(description="Le dernier jour pour répondre, inclus.")]
    answer: SupportAnswerResource | None
    withdrawn_at: datetime | None
    version: Version
    created_at: datetime
    updated_at: datetime


def support_request_resource(row: Row, owner: UUID | None) -> dict[str, Any]:
    """The shape of SupportRequestResource; `owner` is the training organisation that asks, None for other clients."""
    return {**resource_fields(row, SupportRequestResource), "answer": _answer_resource(row, owner)}


def _answer_resource(row: Row, owner: UUID | None) -> SupportAnswerResource | None:
    if row["answered_at"] is None:
        return None
    return {
        "granted": row["status"] == SupportRequestStatus.GRANTED,
        "motive": row["answer_motive"],
        "effect": row["effect"],
        "answered_by": row["answered_by"] if owner is None else ANOTHER_CLIENT_ID,
        "answered_at": format_instant(row["answered_at"]),
    }
