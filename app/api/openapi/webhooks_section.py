"""The webhooks that are announced: one for each type of event, signed as Standard Webhooks says.

`data` is the event as GET /v1/events shows it: one piece of code reads both.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue, TypeAdapter
from typing_extensions import TypedDict

from app.api.notifications.event_resources import EventResource
from app.domain.events import EventType, Subject
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
    EventType.REGISTRATION_PATH_DETERMINED: "Le test de positionnement détermine la durée du parcours",
    EventType.CERTIFICATION_RECORDED: "Un résultat d’examen est enregistré",
    EventType.CERTIFICATION_DUE: "Des examens sont bientôt à présenter, ou leur échéance est là",
    EventType.ENTITLEMENT_CARRIED_OVER: "Un droit est reporté",
    EventType.ENTITLEMENT_EXPIRING: "Un droit sera bientôt perdu",
    EventType.ADVISER_ANONYMISED: "Un conseiller est anonymisé : oubliez, vous aussi, qui il était",
    EventType.ADVISER_RETURNED: "Un conseiller qui avait été anonymisé est de retour",
}

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

# What is not of a registration; but for a result, it is about the adviser.
_DATA_EXAMPLES: Mapping[EventType, JsonValue] = {
    EventType.CERTIFICATION_RECORDED: {"qualification": "remn-ccp1", "outcome": "obtained", "on": "2026-06-12"},
    EventType.CERTIFICATION_DUE: {
        "exams": [
            {"qualification": "mediateur-numerique-ccp1", "next_attempt_payer": "state"},
            {"qualification": "pix", "next_attempt_payer": "employer"},
        ],
        "due_on": "2026-07-15",
        "stage": "before",
    },
    EventType.ENTITLEMENT_CARRIED_OVER: {"bucket": "civil_year:2025", "units": 1, "decided_on": "2026-06-15"},
    EventType.ENTITLEMENT_EXPIRING: {"bucket": "first_year", "units": 1, "expires_on": "2026-08-14", "rule": "R20"},
    EventType.ADVISER_ANONYMISED: {"anonymised_on": "2026-06-15"},
    EventType.ADVISER_RETURNED: {
        "recognised_by": "conum_id",
        "anonymised_on": "2025-11-03",
        "entitlements": ["civil_year:2025", "civil_year:2026"],
        "initial_training_entered_on": "2023-02-06",
    },
}
# What a registration has become: its status, who pays, the right it uses and the reasons of a refusal.
RegistrationOutcome = tuple[str, str | None, str | None, str | None, list[str]]
_OUTCOMES: Mapping[EventType, RegistrationOutcome] = {
    EventType.REGISTRATION_REFUSED: ("refused", None, None, None, ["contract_not_uploaded"]),
    EventType.REGISTRATION_OVER_QUOTA: ("awaiting_choice", None, None, None, ["module_quota_exceeded"]),
    EventType.REGISTRATION_KEPT_UNFUNDED: ("accepted", "none", "employer", None, []),
    EventType.REGISTRATION_CANCELLED: ("cancelled", None, None, None, []),
    EventType.REGISTRATION_REGULARISABLE: ("refused", None, None, None, []),
    EventType.REGISTRATION_REGULARISATION_NOTIFIED: ("refused", None, None, None, ["contract_not_uploaded"]),
    EventType.REGISTRATION_COMPLETED: ("completed", "state", "state", "civil_year:2026", []),
    EventType.REGISTRATION_ABSENCE_RECORDED: ("absent_justified", None, None, None, []),
}
_FUNDED_OUTCOME: RegistrationOutcome = ("accepted", "state", "state", "civil_year:2026", [])
_EXTRA_FIELDS: Mapping[EventType, Mapping[str, JsonValue]] = {
    EventType.REGISTRATION_KEPT_UNFUNDED: {"chosen_by": "adviser"},
    EventType.REGISTRATION_CANCELLED: {"chosen_by": "training_organisation"},
    EventType.REGISTRATION_PATH_DETERMINED: {"taken_on": "2026-06-12", "hours": 175},
}


def _subject(event_type: EventType) -> Subject:
    if event_type is EventType.CERTIFICATION_RECORDED:
        return Subject.CERTIFICATION
    return Subject.ADVISER if event_type in _DATA_EXAMPLES else Subject.REGISTRATION


def _registration_data(event_type: EventType) -> JsonValue:
    status, funding, payer, entitlement, reasons = _OUTCOMES.get(event_type, _FUNDED_OUTCOME)
    return {
        "status": status,
        "funding": funding,
        "payer": payer,
        "entitlement": entitlement,
        "module_code": "cybersecurite",
        "session_starts_on": "2026-12-15",
        "reasons": [*reasons],
        **_EXTRA_FIELDS.get(event_type, {}),
    }


def event_example(event_type: EventType) -> JsonValue:
    """A body of this type."""
    subject = _subject(event_type)
    return {
        "type": event_type.value,
        "timestamp": "2026-06-15T08:30:00Z",
        "data": {
            "id": "01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34",
            "type": event_type.value,
            "occurred_at": "2026-06-15T08:30:00Z",
            "position": 42,
            "subject": {"type": subject.value, "id": "018bd542-b605-74f2-b369-81aa2c625680", "version": 2},
            "adviser_id": "76c6dae1-74b7-5a57-8ca1-82fa3b04634d",
            "data": _DATA_EXAMPLES.get(event_type) or _registration_data(event_type),
        },
    }


TEST_EXAMPLE: JsonValue = {
    "type": TEST_EVENT_TYPE,
    "timestamp": "2026-06-15T08:30:00Z",
    "data": {
        "id": "01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34",
        "type": TEST_EVENT_TYPE,
        "occurred_at": "2026-06-15T08:30:00Z",
        "webhook_endpoint_id": "5f2c7a31-8d0e-5c64-b1f9-3a7e62d04c18",
    },
}


def webhooks() -> dict[str, Any]:
    """The `webhooks` section of the contract; its schemas are those of ADAPTERS."""
    events = {
        event_type.value: {
            "post": _operation(event_type, EVENT_SUMMARIES[event_type], event_example(event_type), "WebhookResource")
        }
        for event_type in EventType
    }
    return events | {
        TEST_EVENT_TYPE: {
            "post": _operation(TEST_EVENT_TYPE, "Un essai est demandé", TEST_EXAMPLE, "WebhookTestResource")
        }
    }


def _operation(event_type: str, when: str, body: JsonValue, schema: str) -> dict[str, Any]:
    words = event_type.replace("_", ".").split(".")
    return {
        "tags": ["Webhooks"],
        "operationId": "on" + "".join(word.capitalize() for word in words),
        "summary": when,
        "description": WEBHOOK_DESCRIPTION,
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": said, "schema": schema, "example": value}
            for name, said, schema, value in SIGNATURE_HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{schema}"},
                    "examples": {str(event_type): {"summary": when, "value": body}},
                }
            },
        },
        "responses": {
            "2XX": {"description": "Reçu. Toute autre réponse, ou aucune, sera suivie d’une nouvelle tentative."},
            "410": {"description": "Plus rien à livrer ici : le point de terminaison est désactivé."},
        },
    }
