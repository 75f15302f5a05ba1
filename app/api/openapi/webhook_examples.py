"""An example of each webhook."""

from collections.abc import Mapping

from pydantic import JsonValue

from app.domain.events import EventType, Subject
from app.use_cases.notifications.event_payloads import TEST_EVENT_TYPE

_SESSION: Mapping[str, JsonValue] = {
    "module_code": "cybersecurite",
    "session_starts_on": "2028-02-15",
    "session_ends_on": "2028-02-16",
    "seats_taken": 12,
    "seats_waiting": 2,
}
# What is done of a whole session is told of each registration, then once of the session.
_DEEDS = frozenset({EventType.SESSION_CONFIRMED, EventType.SESSION_CANCELLED, EventType.SESSION_MOVED})
# Events that are not of a registration. Their subject is the adviser, but for a result of an exam and for a session.
_DATA_EXAMPLES: Mapping[EventType, Mapping[str, JsonValue]] = {
    EventType.CERTIFICATION_RECORDED: {"qualification": "remn-ccp1", "outcome": "obtained", "on": "2026-06-12"},
    EventType.CERTIFICATION_ANNULLED: {
        "qualification": "remn-ccp1",
        "outcome": "obtained",
        "on": "2026-06-12",
        "annulled_on": "2026-06-15",
    },
    EventType.CERTIFICATION_DUE: {
        "exams": [
            {"qualification": "mediateur-numerique-ccp1", "next_attempt_payer": "state"},
            {"qualification": "pix", "next_attempt_payer": "employer"},
        ],
        "due_on": "2026-07-15",
        "stage": "before",
    },
    EventType.ENTITLEMENT_CARRIED_OVER: {
        "bucket": "civil_year:2025",
        "units": 1,
        "decided_on": "2026-06-15",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    },
    EventType.ENTITLEMENT_EXPIRING: {"bucket": "first_year", "units": 1, "expires_on": "2026-08-14", "rule": "R20"},
    EventType.INITIAL_TRAINING_OWED: {"since": "2026-01-05", "due_on": "2026-07-05", "is_late": False},
    EventType.SUPPORT_REQUEST_OPENED: {
        "kind": "contestation",
        "status": "open",
        "registration_id": "018bd542-b605-74f2-b369-81aa2c625680",
        "certification_id": None,
    },
    EventType.SUPPORT_REQUEST_ANSWERED: {
        "kind": "justification",
        "status": "granted",
        "registration_id": "018bd542-b605-74f2-b369-81aa2c625680",
        "certification_id": None,
    },
    EventType.SESSION_PUBLISHED: {**_SESSION, "seats_taken": 0, "seats_waiting": 0},
    EventType.SESSION_CHANGED: _SESSION,
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
    EventType.REGISTRATION_ATTENDANCE_CORRECTED: ("completed", "state", "state", "civil_year:2026", []),
    EventType.REGISTRATION_CHOICE_REMINDED: ("awaiting_choice", None, None, None, ["module_quota_exceeded"]),
    EventType.REGISTRATION_DEROGATED: ("accepted", "state", "state", "derogation", []),
    EventType.SESSION_CANCELLED: ("cancelled", None, None, None, []),
}
_FUNDED_OUTCOME: RegistrationOutcome = ("accepted", "state", "state", "civil_year:2026", [])
_SEATED: Mapping[str, JsonValue] = {"session_id": "01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e35", "seat": "seated"}
_EXTRA_FIELDS: Mapping[EventType, Mapping[str, JsonValue]] = {
    EventType.REGISTRATION_KEPT_UNFUNDED: {"chosen_by": "adviser"},
    EventType.REGISTRATION_CANCELLED: {"chosen_by": "training_organisation"},
    EventType.REGISTRATION_PATH_DETERMINED: {"taken_on": "2026-06-12", "hours": 175},
    EventType.REGISTRATION_COMPLETED: {"absences": [{"on": "2026-06-09", "justified": False}]},
    EventType.REGISTRATION_ATTENDANCE_CORRECTED: {"former_status": "absent_unjustified"},
    EventType.REGISTRATION_DEROGATED: {"waived": ["contract_not_uploaded"]},
    EventType.REGISTRATION_SEAT_GIVEN: _SEATED,
    EventType.SESSION_CONFIRMED: _SEATED,
    EventType.SESSION_MOVED: _SEATED,
    EventType.SESSION_CANCELLED: {
        **_SEATED,
        "seat": None,
        "cancelled_because": "session_cancelled",
        "chosen_by": "training_organisation",
    },
}


def _subject(event_type: EventType) -> Subject:
    if event_type in {EventType.CERTIFICATION_RECORDED, EventType.CERTIFICATION_ANNULLED}:
        return Subject.CERTIFICATION
    if event_type.startswith(f"{Subject.SUPPORT_REQUEST}."):
        return Subject.SUPPORT_REQUEST
    if event_type in {EventType.SESSION_PUBLISHED, EventType.SESSION_CHANGED}:
        return Subject.SESSION
    return Subject.ADVISER if event_type in _DATA_EXAMPLES else Subject.REGISTRATION


def _registration_data(event_type: EventType) -> Mapping[str, JsonValue]:
    status, funding, payer, entitlement, reasons = _OUTCOMES.get(event_type, _FUNDED_OUTCOME)
    return {
        "status": status,
        "funding": funding,
        "payer": payer,
        "entitlement": entitlement,
        "module_code": "cybersecurite",
        "session_starts_on": "2028-02-15",
        "reasons": [*reasons],
        **_EXTRA_FIELDS.get(event_type, {}),
    }


def event_example(event_type: EventType) -> JsonValue:
    """An example of the body of a webhook of this type."""
    return _body(event_type, _subject(event_type), _DATA_EXAMPLES.get(event_type) or _registration_data(event_type))


def summary_example(event_type: EventType) -> JsonValue | None:
    """That of the event which tells once what was done of a whole session; None for a type that never does."""
    return _body(event_type, Subject.SESSION, {**_SESSION, "concerned": 14}) if event_type in _DEEDS else None


def _body(event_type: EventType, subject: Subject, data: Mapping[str, JsonValue]) -> JsonValue:
    return {
        "type": event_type.value,
        "timestamp": "2026-06-15T08:30:00Z",
        "data": {
            "id": "01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34",
            "type": event_type.value,
            "occurred_at": "2026-06-15T08:30:00Z",
            "position": 42,
            "subject": {"type": subject.value, "id": "018bd542-b605-74f2-b369-81aa2c625680", "version": 2},
            "adviser_id": None if subject is Subject.SESSION else "76c6dae1-74b7-5a57-8ca1-82fa3b04634d",
            "data": {**data},
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
