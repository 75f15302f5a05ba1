"""What a training organisation reads in each field of each answer that it may get: a field without a row here fails the
build (`test_fields.py`)."""

from collections.abc import Mapping
from enum import Enum


class Sight(Enum):
    OWN = "of its registrations, results, events and endpoints, of itself"
    SHARED = "what every client may read, or nothing but form"
    NEEDED = "of an adviser whom a registration of its own concerns: what it trains them by"
    LIMITED = "without what is another's: null, empty, or said with less"
    WITHHELD = "always null, or not there"


def _rows(**fields: str) -> dict[str, Sight]:
    """Of each sight, by its name in small letters, the fields in one line."""
    return {name: Sight[sight.upper()] for sight, names in fields.items() for name in names.split()}


SIGHTS: Mapping[str, Mapping[str, Sight]] = {
    "AdviserResource": _rows(
        needed="id conum_id first_name last_name department in_scheme initial_training anonymised_at version "
        "created_at updated_at",
        withheld="email",
    ),
    "InitialTrainingResource": _rows(needed="entered_on ended_on"),
    "TrainingRecordResource": _rows(
        needed="adviser_id on category initial_training entitlements obligations certifications carry_overs "
        "policy_version links",
        limited="in_post unjustified_absences",
    ),
    "InPostResource": _rows(limited="value contract_id reasons"),
    "InitialTrainingStateResource": _rows(needed="entered_on ended_on exempt exempted_by"),
    "EntitlementResource": _rows(needed="bucket units used valid_from valid_until rule", limited="reserved_by"),
    "ObligationResource": _rows(needed="period required followed due_on status"),
    "PresentationResource": _rows(needed="qualification status due_on next_attempt_payer replacement"),
    "MissedSessionResource": _rows(
        own="registration_id module_code session_starts_on entitlement consequence label rule"
    ),
    "CarriedResource": _rows(
        needed="id bucket units decided_on valid_from valid_until", withheld="motive decided_by"
    ),
    "RecordLinksResource": _rows(shared="self picture"),
    "RegistrationResource": _rows(
        own="id adviser_id module_code training_organisation_id session requested_on employer_agreement status funding "
        "payer entitlement decision choices positioning_test cancelled_on version created_at updated_at links"
    ),
    "SessionResource": _rows(own="starts_on ends_on format place reference"),
    "DecisionResource": _rows(own="id outcome automatic decided_at policy_version rules reasons summary"),
    "PastDecisionResource": _rows(
        own="id outcome automatic decided_at policy_version rules reasons summary cause funding entitlement",
        limited="decided_by facts",
    ),
    "ReasonResource": _rows(own="code detail regularisable how_to_fix who_acts rule", limited="label"),
    "ChoiceResource": _rows(own="choice payers"),
    "PositioningTestResource": _rows(own="taken_on hours"),
    "LinksResource": _rows(own="self decisions", withheld="messages"),
    "PreviewResource": _rows(own="outcome funding entitlement policy_version rules reasons choices summary"),
    "CertificationResource": _rows(
        needed="id adviser_id qualification outcome on attempt next_attempt_payer replacement version created_at "
        "updated_at",
        limited="motive training_organisation_id",
    ),
    "DueCertificationResource": _rows(needed="adviser_id qualification status due_on next_attempt_payer"),
    "EventResource": _rows(own="id type occurred_at position subject data", needed="adviser_id"),
    "SubjectResource": _rows(own="type id version"),
    "RegistrationNews": _rows(
        own="status funding payer entitlement module_code session_starts_on reasons chosen_by taken_on hours"
    ),
    "CertificationNews": _rows(needed="qualification outcome on"),
    "DueNews": _rows(own="exams due_on stage"),
    "DueExam": _rows(own="qualification next_attempt_payer"),
    "AdviserNews": _rows(needed="anonymised_on"),
    # Of events that no organisation is told.
    "ReturnNews": _rows(withheld="recognised_by anonymised_on entitlements initial_training_entered_on"),
    "EntitlementNews": _rows(withheld="bucket units decided_on"),
    "ExpiringNews": _rows(withheld="bucket units expires_on rule"),
    "StatisticResource": _rows(
        own="month training_organisation_id module_code department status funding reason over_quota count funded "
        "days_to_decision days_to_session"
    ),
    "WebhookEndpointResource": _rows(
        own="id url types status disabled_because failures failing_since paused_until warning created_at updated_at"
    ),
    "NewWebhookEndpointResource": _rows(
        own="id url types status disabled_because failures failing_since paused_until warning created_at updated_at "
        "secret"
    ),
    "WebhookSecretResource": _rows(own="secret"),
    "WebhookDeliveryResource": _rows(
        own="id webhook_endpoint_id event_id type state replay attempts next_attempt_at created_at"
    ),
    "AttemptResource": _rows(own="at status duration_ms error response"),
    "RecoveryResource": _rows(own="due"),
    "TrainingOrganisationResource": _rows(shared="id name email deliveries version created_at updated_at"),
    "DeliveryResource": _rows(shared="kind territory"),
    "ModuleResource": _rows(
        shared="code title kind hours formats open_from open_until supplementary prerequisite version created_at "
        "updated_at"
    ),
    "QualificationResource": _rows(
        shared="code title contains exempts_from_initial_training valid_from valid_until"
    ),
    "Pagination": _rows(shared="next watermark"),
    "DecisionsResource": _rows(shared="data pagination"),
    "StatisticsResource": _rows(shared="data"),
    "FeedPage": _rows(shared="data next up_to_date"),
    **{
        f"{noun}Page": _rows(shared="data pagination")
        for noun in (
            "Adviser", "Registration", "Certification", "DueCertification", "TrainingOrganisation", "Module",
            "Qualification", "WebhookEndpoint", "WebhookDelivery",
        )
    },
}  # fmt: skip
