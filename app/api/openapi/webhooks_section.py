"""The `webhooks` section of the contract: one webhook for each type of event, signed as Standard Webhooks says.

Its `data` is the event as GET /v1/events shows it, so that the same code reads both.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue, TypeAdapter
from typing_extensions import TypedDict

from app.api.notifications.event_resources import EventResource
from app.api.openapi.webhook_examples import TEST_EXAMPLE, event_example, summary_example
from app.domain.events import EventType
from app.use_cases.notifications.event_payloads import TEST_EVENT_TYPE


class WebhookResource(TypedDict):
    """Un événement livré. Appliquez-le si `data.subject.version` est plus grande que la vôtre."""

    type: EventType
    timestamp: Annotated[datetime, Field(description="L’instant de l’événement, non de la livraison.")]
    data: EventResource


class TestNews(TypedDict):
    """Rien d’autre que l’essai lui-même."""

    id: UUID
    type: Literal["webhook_endpoint.test"]
    occurred_at: datetime
    webhook_endpoint_id: UUID


class WebhookTestResource(TypedDict):
    """Ce que livre POST /v1/webhook-endpoints/{id}/test."""

    type: Literal["webhook_endpoint.test"]
    timestamp: datetime
    data: TestNews


PAYLOAD_ADAPTERS: Mapping[str, TypeAdapter[Any]] = {
    "WebhookResource": TypeAdapter(WebhookResource),
    "WebhookTestResource": TypeAdapter(WebhookTestResource),
}

EVENT_SUMMARIES: Mapping[EventType, str] = {
    EventType.REGISTRATION_ACCEPTED: "Une inscription est acceptée",
    EventType.REGISTRATION_REFUSED: "Une inscription est refusée",
    EventType.REGISTRATION_OVER_QUOTA: "Une inscription dépasse le quota et attend le choix du conseiller",
    EventType.REGISTRATION_KEPT_UNFUNDED: "Une inscription au-delà du quota est conservée sans prise en charge",
    EventType.REGISTRATION_CANCELLED: "Une inscription est annulée",
    EventType.REGISTRATION_FUNDED: "Une inscription qui attendait est financée",
    EventType.REGISTRATION_REGULARISABLE: "Plus rien ne s’oppose à une inscription refusée",
    EventType.REGISTRATION_REGULARISATION_NOTIFIED: "Le réexamen d’une inscription refusée est demandé",
    EventType.REGISTRATION_RESCHEDULED: "Une session est déplacée",
    EventType.REGISTRATION_COMPLETED: "Une formation est suivie",
    EventType.REGISTRATION_ABSENCE_RECORDED: "Une absence est enregistrée",
    EventType.REGISTRATION_ATTENDANCE_CORRECTED: "Une assiduité est corrigée",
    EventType.REGISTRATION_CHOICE_REMINDED: "Un choix attendu du conseiller lui est rappelé",
    EventType.REGISTRATION_DEROGATED: "Une personne accepte une inscription par dérogation",
    EventType.REGISTRATION_PATH_DETERMINED: "Le test de positionnement détermine la durée du parcours",
    EventType.REGISTRATION_SEAT_GIVEN: "Une place libérée est donnée à qui l’attendait",
    EventType.SESSION_PUBLISHED: "Une session est publiée",
    EventType.SESSION_CHANGED: "Ce qui change d’une session ne concerne aucune inscription",
    EventType.SESSION_CONFIRMED: "Une session est confirmée, et chaque personne qui y a une place est convoquée",
    EventType.SESSION_CANCELLED: "Une session est annulée, et chacune de ses inscriptions avec elle",
    EventType.SESSION_MOVED: "Une session est déplacée, et chacune de ses inscriptions avec elle",
    EventType.CERTIFICATION_RECORDED: "Un résultat d’examen est enregistré",
    EventType.CERTIFICATION_ANNULLED: "Un résultat d’examen est annulé",
    EventType.CERTIFICATION_DUE: "Des examens sont bientôt à présenter, ou leur échéance est là",
    EventType.ENTITLEMENT_CARRIED_OVER: "Un droit est reporté",
    EventType.ENTITLEMENT_EXPIRING: "Un droit sera bientôt perdu",
    EventType.INITIAL_TRAINING_OWED: "Un conseiller en poste n’est pas encore entré en formation initiale",
    EventType.SUPPORT_REQUEST_OPENED: "Une demande au support est ouverte",
    EventType.SUPPORT_REQUEST_ANSWERED: "Une personne répond à une demande au support",
    EventType.ADVISER_ANONYMISED: "Un conseiller est anonymisé : oubliez, vous aussi, qui il était",
    EventType.ADVISER_RETURNED: "Un conseiller qui avait été anonymisé est de retour",
}

SUMMARY = "Puis une fois pour la session entière"
WEBHOOK_DESCRIPTION = """Vérifiez la signature avant de lire le corps (Standard Webhooks), répondez 2xx en moins de 15
secondes, puis travaillez. Un même événement peut arriver deux fois, avec le même `webhook-id`, et après un plus récent.
"""

_TEXT_SCHEMA = {"type": "string", "maxLength": 500}
SIGNATURE_HEADERS: tuple[tuple[str, str, dict[str, Any], JsonValue], ...] = (
    (
        "webhook-id",
        "L’identifiant de l’événement, le même à chaque tentative : ce qui est déjà traité ne l’est pas deux fois.",
        {"type": "string", "format": "uuid", "maxLength": 36},
        "01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34",
    ),
    (
        "webhook-timestamp",
        "L’instant de la tentative, en secondes depuis 1970. Refusez ce qui a plus de cinq minutes.",
        {"type": "integer", "format": "int64", "minimum": 1, "maximum": 253_402_300_799},
        1781512200,
    ),
    (
        "webhook-signature",
        "`v1,` et l’HMAC-SHA256 de `{webhook-id}.{webhook-timestamp}.{corps}` en base64 ; deux pendant une rotation.",
        _TEXT_SCHEMA | {"pattern": "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$"},
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
)


def webhooks() -> dict[str, Any]:
    """The `webhooks` section of the contract; its schemas are those of PAYLOAD_ADAPTERS."""
    events = {
        event_type.value: {
            "post": _operation(event_type, EVENT_SUMMARIES[event_type], _examples_of(event_type), "WebhookResource")
        }
        for event_type in EventType
    }
    return events | {
        TEST_EVENT_TYPE: {
            "post": _operation(
                TEST_EVENT_TYPE,
                "Un essai est demandé",
                {TEST_EVENT_TYPE: _example("Un essai est demandé", TEST_EXAMPLE)},
                "WebhookTestResource",
            )
        }
    }


def _examples_of(event_type: EventType) -> dict[str, Any]:
    """By name: of what is done of a whole session, one for a registration and one for the session."""
    examples = {event_type.value: _example(EVENT_SUMMARIES[event_type], event_example(event_type))}
    summary = summary_example(event_type)
    return examples if summary is None else examples | {f"{event_type}.session": _example(SUMMARY, summary)}


def _example(when: str, body: JsonValue) -> dict[str, Any]:
    return {"summary": when, "value": body}


def _operation(event_type: str, when: str, examples: dict[str, Any], schema: str) -> dict[str, Any]:
    words = event_type.replace("_", ".").split(".")
    return {
        "tags": ["Webhooks"],
        "operationId": "on" + "".join(word.capitalize() for word in words),
        "summary": when,
        "description": WEBHOOK_DESCRIPTION,
        "parameters": [_header_parameter(*header) for header in SIGNATURE_HEADERS],
        "requestBody": _request_body(schema, examples),
        "responses": {
            "2XX": {"description": "Reçu. Toute autre réponse, ou aucune, sera suivie d’une nouvelle tentative."},
            "410": {"description": "Plus rien à livrer ici : le point de terminaison est désactivé."},
        },
    }


def _header_parameter(name: str, description: str, schema: dict[str, Any], example: JsonValue) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }


def _request_body(schema: str, examples: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": examples}
    return {"required": True, "content": {"application/json": content}}
