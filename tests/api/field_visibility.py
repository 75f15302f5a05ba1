"""What a training organisation reads in each field of each answer that it may get: a field without a row here fails the
build (`test_field_access.py`)."""

from collections.abc import Mapping
from enum import Enum


class FieldVisibility(Enum):
    OWN = "of its registrations, results, events and endpoints, of itself"
    SHARED = "what every client may read, or nothing but form"
    NEEDED = "of an adviser whom a registration of its own concerns: what it trains them by"
    LIMITED = "without what is another's: null, empty, or said with less"
    WITHHELD = "always null, or not there"


def _fields(**fields: str) -> dict[str, FieldVisibility]:
    """The visibility of each field; `fields` lists the names of fields by visibility."""
    return {name: FieldVisibility[visibility.upper()] for visibility, names in fields.items() for name in names.split()}


FIELD_VISIBILITIES: Mapping[str, Mapping[str, FieldVisibility]] = {
    "AdviserResource": _fields(
        needed="id conum_id first_name last_name department in_scheme initial_training anonymised_at version "
        "created_at updated_at",
        withheld="email",
    ),
    "InitialTrainingResource": _fields(needed="entered_on ended_on"),
    "TrainingRecordResource": _fields(
        needed="adviser_id on category initial_training entitlements obligations certifications carry_overs "
        "policy_version links",
        limited="in_post unjustified_absences sessions",
    ),
    "InPostResource": _fields(limited="value contract_id reasons"),
    "InitialTrainingStateResource": _fields(needed="entered_on ended_on exempt exempted_by"),
    "EntitlementResource": _fields(needed="bucket units used valid_from valid_until rule", limited="reserved_by"),
    "ObligationResource": _fields(needed="period required followed due_on status excused_by"),
    "PresentationResource": _fields(needed="qualification status due_on next_attempt_payer replacement"),
    "MissedSessionResource": _fields(
        own="registration_id module_code session_starts_on entitlement consequence label rule"
    ),
    "RecordedSessionResource": _fields(
        own="registration_id module_code session_id reference place starts_on ends_on status funding seat confirmed "
        "cancelled_because"
    ),
    "CarriedResource": _fields(
        needed="id bucket units decided_on valid_from valid_until", withheld="motive decided_by"
    ),
    "RecordLinksResource": _fields(shared="self picture"),
    "RegistrationResource": _fields(
        own="id adviser_id module_code training_organisation_id session requested_on employer_agreement status funding "
        "payer entitlement decision choices positioning_test cancelled_on version created_at updated_at links seat "
        "session_id",
        limited="warnings",
    ),
    "SeatResource": _fields(own="status place"),
    "PublishedSessionPage": _fields(shared="data pagination"),
    "PublishedSessionResource": _fields(
        shared="id module_code training_organisation_id reference starts_on ends_on hours format place link seats "
        "registration_closes_on status confirmed_at cancelled_at progress version created_at updated_at",
        own="cancellation_motive",
    ),
    "HoursResource": _fields(shared="on from until"),
    "PlaceResource": _fields(shared="name address department"),
    "SeatsResource": _fields(shared="minimum maximum taken waiting"),
    "ProgressResource": _fields(shared="kind concerned done failing requested_at finished_at"),
    "DeedResource": _fields(own="session_id kind concerned done"),
    "SessionAttendanceResource": _fields(shared="data"),
    "AttendanceOutcomeResource": _fields(own="registration_id status problem"),
    "SessionStatisticsResource": _fields(shared="data"),
    "WarningResource": _fields(own="code registration_id"),
    "SessionResource": _fields(own="starts_on ends_on format place reference"),
    "RosterResource": _fields(shared="data pagination"),
    "RosterLineResource": _fields(
        own="registration_id seat status funding payer", needed="first_name last_name email employer"
    ),
    "RosterEmployerResource": _fields(needed="name email"),
    "DecisionResource": _fields(
        own="id outcome automatic decided_at policy_version rules_version rules waived reasons summary"
    ),
    "PastDecisionResource": _fields(
        own="id outcome automatic decided_at policy_version rules_version rules waived reasons summary cause funding "
        "entitlement",
        limited="decided_by facts",
        withheld="motive",
    ),
    "AttendanceReportResource": _fields(own="id outcome recorded_at", limited="motive note absences recorded_by"),
    "MissedDayResource": _fields(own="on justified", limited="motive"),
    "ReasonResource": _fields(own="code detail regularisable how_to_fix who_acts rule", limited="label"),
    "ChoiceResource": _fields(own="choice payers"),
    "PositioningTestResource": _fields(own="taken_on hours"),
    "LinksResource": _fields(own="self decisions", withheld="messages"),
    "PreviewResource": _fields(
        own="outcome funding entitlement policy_version rules reasons choices seat warnings summary"
    ),
    "CertificationResource": _fields(
        needed="id adviser_id qualification outcome on attempt next_attempt_payer replacement version created_at "
        "updated_at",
        limited="motive training_organisation_id annulled",
    ),
    "AnnulmentResource": _fields(needed="on", limited="motive"),
    "JuryLineResource": _fields(own="index certification problem"),
    "ProblemResource": _fields(shared="type title status detail instance code errors"),
    "FieldError": _fields(shared="pointer code detail"),
    "DueCertificationResource": _fields(needed="adviser_id qualification status due_on next_attempt_payer"),
    # Those that it opened itself.
    "SupportRequestResource": _fields(
        own="id kind adviser_id registration_id certification_id bucket period text status opened_by answer_due_on "
        "answer withdrawn_at version created_at updated_at"
    ),
    "SupportAnswerResource": _fields(own="granted motive effect answered_at", limited="answered_by"),
    "ImportResource": _fields(
        own="id kind dry_run status suspect_columns read imported unchanged rejected rejects_url ignored_columns "
        "failure created_at finished_at"
    ),
    "ImportFailure": _fields(own="code detail"),
    "EventResource": _fields(own="id type occurred_at position subject data", needed="adviser_id"),
    "SessionNews": _fields(
        own="module_code session_starts_on session_ends_on seats_taken seats_waiting concerned"
    ),
    "SubjectResource": _fields(own="type id version"),
    "RegistrationNews": _fields(
        own="status funding payer entitlement module_code session_starts_on reasons chosen_by taken_on hours "
        "former_status absences waived recorded_after_the_fact session_id seat cancelled_because"
    ),
    "MissedDayNews": _fields(own="on justified"),
    "CertificationNews": _fields(needed="qualification outcome on annulled_on"),
    "DueNews": _fields(own="exams due_on stage"),
    "DueExam": _fields(own="qualification next_attempt_payer"),
    "SupportRequestNews": _fields(own="kind status registration_id certification_id"),
    "AdviserNews": _fields(needed="anonymised_on"),
    # Of events that no organisation is told.
    "ReturnNews": _fields(withheld="recognised_by anonymised_on entitlements initial_training_entered_on"),
    "EntitlementNews": _fields(withheld="bucket units decided_on valid_from valid_until"),
    "InitialTrainingNews": _fields(withheld="since due_on is_late"),
    "ExpiringNews": _fields(withheld="bucket units expires_on rule"),
    "StatisticResource": _fields(
        own="month training_organisation_id module_code department status funding reason over_quota count funded "
        "derogated corrected days_to_decision days_to_session"
    ),
    "SessionStatisticResource": _fields(
        own="month training_organisation_id module_code department format status published seats filled waiting "
        "confirmed held cancelled cancelled_for_want_of_people"
    ),
    "WebhookEndpointResource": _fields(
        own="id url types status disabled_because failures failing_since paused_until warning created_at updated_at"
    ),
    "NewWebhookEndpointResource": _fields(
        own="id url types status disabled_because failures failing_since paused_until warning created_at updated_at "
        "secret"
    ),
    "WebhookSecretResource": _fields(own="secret"),
    "WebhookDeliveryResource": _fields(
        own="id webhook_endpoint_id event_id type state replay attempts next_attempt_at created_at"
    ),
    "AttemptResource": _fields(own="at status duration_ms error response"),
    "RecoveryResource": _fields(own="due"),
    "TrainingOrganisationResource": _fields(shared="id name email deliveries version created_at updated_at"),
    "DeliveryResource": _fields(shared="kind territory"),
    "ModuleResource": _fields(
        shared="code title kind hours formats open_from open_until supplementary prerequisite version created_at "
        "updated_at"
    ),
    "QualificationResource": _fields(
        shared="code title contains exempts_from_initial_training valid_from valid_until"
    ),
    "Pagination": _fields(shared="next watermark"),
    "DecisionsResource": _fields(shared="data pagination"),
    "AttendanceReportsResource": _fields(shared="data pagination"),
    "JuryResultsResource": _fields(shared="data"),
    "StatisticsResource": _fields(shared="data"),
    "FeedPage": _fields(shared="data next up_to_date"),
    **{
        f"{noun}Page": _fields(shared="data pagination")
        for noun in (
            "Adviser", "Registration", "Certification", "DueCertification", "TrainingOrganisation", "Module",
            "Qualification", "SupportRequest", "Import", "WebhookEndpoint", "WebhookDelivery",
        )
    },
}  # fmt: skip
