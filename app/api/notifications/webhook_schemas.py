"""Webhook endpoints and their deliveries: what is asked, and what is shown."""

from datetime import datetime
from typing import Annotated, Any, NotRequired
from uuid import UUID

import orjson
from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import format_instant, resource_fields
from app.api.http.fields import field_types, validation_messages
from app.api.http.fields.field_checks import with_message
from app.api.http.fields.field_types import MAX_URI_LENGTH, Count
from app.domain.events import EventType
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.deliveries import MAX_ATTEMPTS_SHOWN, DeliveryState
from app.persistence.outbox.webhook_endpoints import DisabledBecause, EndpointStatus, EndpointWarning
from app.use_cases.notifications.redeliver_webhooks import MAX_RECOVERED
from app.wording.languages import Sentence

MAX_TYPES = 20
MAX_TYPE_LENGTH = 60
EVENT_TYPE_PATTERN = "^[a-z_]+[.][a-z_]+$"
TYPE_FILTER_PATTERN = r"^(\*|[a-z_]+\.(\*|[a-z_]+))$"
SECRET_PATTERN = "^whsec_[A-Za-z0-9+/]{43}=$"  # noqa: S105  # what one looks like
MAX_RESPONSE_LENGTH = 4_000
UNKNOWN_EVENT_TYPE = Sentence(
    fr=f"Aucun type d’événement ne se nomme ainsi ; ceux qui existent : {', '.join(EventType)}.",
    en=f"No type of event has this name; those that exist: {', '.join(EventType)}.",
)

Url = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[!-~]+$", max_length=MAX_URI_LENGTH, strict=True),
    with_message(validation_messages.URL),
    Field(description="En https, aux ports 443 ou 8443, à une adresse publique ; aucune redirection n’est suivie."),
]
Types = Annotated[
    list[
        Annotated[
            str,
            StringConstraints(pattern=TYPE_FILTER_PATTERN, max_length=MAX_TYPE_LENGTH, strict=True),
            with_message(validation_messages.EVENT_TYPES),
        ]
    ],
    Field(
        min_length=1,
        max_length=MAX_TYPES,
        description="Des types d’événements ; `registration.*` prend tous ceux des inscriptions, `*` tous.",
    ),
]
TypeFilter = Annotated[
    str,
    StringConstraints(pattern=EVENT_TYPE_PATTERN, max_length=MAX_TYPE_LENGTH),
    with_message(validation_messages.EVENT_TYPE),
]


class WebhookEndpointRequest(field_types.RequestBody):
    """Où livrer, et quoi."""

    url: Url
    types: Types = ["*"]  # noqa: RUF012  # pydantic copies it


class WebhookEndpointPatch(field_types.RequestBody):
    """Ce qui change ; ce qui est absent ou null demeure."""

    url: Url | None = None
    types: Types | None = None
    status: Annotated[
        EndpointStatus | None,
        Field(description="`disabled` : plus rien n’est livré, jusqu’à `active`."),
    ] = None


class WebhookEndpointResource(TypedDict):
    """`disabled_because` : par vous (`owner`), après cinq jours d’échecs (`failing`), ou sur réponse 410 (`gone`)."""

    id: UUID
    url: Url
    types: Types
    status: EndpointStatus
    disabled_because: DisabledBecause | None
    failures: Annotated[Count, Field(description="Échecs depuis la dernière réussite.")]
    failing_since: Annotated[datetime | None, Field(description="Le premier de ces échecs.")]
    paused_until: Annotated[datetime | None, Field(description="Rien n’y est essayé avant, après trop d’échecs.")]
    warning: EndpointWarning | None
    created_at: datetime
    updated_at: datetime


class NewWebhookEndpointResource(WebhookEndpointResource):
    """Le point de terminaison, et `secret`, qui n’est montré qu’ici."""

    secret: Annotated[str, Field(pattern=SECRET_PATTERN, max_length=50, description="De quoi vérifier les signatures.")]


class WebhookSecretResource(TypedDict):
    """Le nouveau secret, qui n’est montré qu’ici."""

    secret: Annotated[str, Field(pattern=SECRET_PATTERN, max_length=50)]


class AttemptResource(TypedDict):
    """Un essai. `error` est null quand il a réussi ; `response`, le début de la réponse, n’est donné qu’avec la
    livraison seule."""

    at: datetime
    status: Annotated[int, Field(ge=100, le=999)] | None
    duration_ms: Count
    error: Annotated[str, Field(max_length=40, pattern="^[a-z]+(-[a-z]+)*$")] | None
    response: NotRequired[Annotated[str, Field(max_length=MAX_RESPONSE_LENGTH, pattern="^[^\u0000]*$")] | None]


class WebhookDeliveryResource(TypedDict):
    """Un événement livré à un point de terminaison, ou qui doit l’être. `skipped` : il était désactivé ; `dead` :
    abandonné après dix essais ; `replay` compte les fois où la livraison a été redemandée."""

    id: UUID
    webhook_endpoint_id: UUID
    event_id: Annotated[UUID, Field(description="Le `webhook-id`, le même à chaque essai.")]
    type: Annotated[str, Field(max_length=MAX_TYPE_LENGTH, pattern=EVENT_TYPE_PATTERN)]
    state: DeliveryState
    replay: Count
    attempts: Annotated[list[AttemptResource], Field(max_length=MAX_ATTEMPTS_SHOWN)]
    next_attempt_at: datetime | None
    created_at: datetime


class RecoveryRequest(field_types.RequestBody):
    """Depuis quand, et jusqu’à quand : exclu, et sans fin s’il est absent ou null."""

    since: field_types.Instant
    until: field_types.Instant | None = None


class RecoveryResource(TypedDict):
    """Combien de livraisons sont de nouveau dues."""

    due: Annotated[int, Field(ge=0, le=MAX_RECOVERED)]


def endpoint_resource(row: Row) -> dict[str, Any]:
    """The shape of WebhookEndpointResource."""
    return resource_fields(row, WebhookEndpointResource) | {
        name: format_instant(row[name]) for name in ("failing_since", "paused_until")
    }


def delivery_resource(row: Row) -> dict[str, Any]:
    """The shape of WebhookDeliveryResource. The attempts of the row are JSON, or its text."""
    return resource_fields(row, WebhookDeliveryResource) | {"attempts": attempt_resources(row)}


def attempt_resources(row: Row) -> list[dict[str, Any]]:
    """Each of the shape of AttemptResource."""
    attempts: list[dict[str, Any]] = (
        orjson.loads(row["attempts"]) if isinstance(row["attempts"], str) else row["attempts"]
    )
    return [_attempt_resource(attempt) for attempt in attempts]


def _attempt_resource(row: Row) -> dict[str, Any]:
    return {name: format_instant(value) if name == "at" else value for name, value in row.items() if name != "id"}
