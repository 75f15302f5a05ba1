"""The training record as its reader may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.api.advisers.training_record_schemas import (
    CarriedResource,
    EntitlementResource,
    InitialTrainingStateResource,
    InPostResource,
    MissedSessionResource,
    ObligationResource,
    PresentationResource,
    RecordedSessionResource,
    TrainingRecordResource,
)
from app.api.certifications.certification_schemas import replacement_text
from app.api.registrations.decision_resources import reason_resource
from app.domain.facts.registration import Registration
from app.domain.record.exam_presentations import Presentation
from app.domain.record.missed_sessions import MissedSession
from app.domain.record.obligations import Obligation
from app.domain.record.training_record import Entitlement, TrainingRecord
from app.domain.rights.buckets import DEROGATION
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.recorded_sessions import RecordedSession
from app.wording.languages import Language
from app.wording.training_records import consequence_sentence


@dataclass(frozen=True, slots=True)
class RecordViewer:
    """Who reads a record: `owner` is the training organisation that asks, None for anybody else. Registrations that are
    not among these are counted, and not named."""

    registrations: frozenset[UUID]
    owner: UUID | None
    language: Language
    base_url: str


def _entitlement_resource(item: Entitlement, visible: frozenset[UUID]) -> EntitlementResource:
    return {
        "bucket": item.bucket.name,
        "units": item.bucket.units,
        "used": item.used,
        "reserved_by": [held for held in item.reserved_by if held in visible],
        "valid_from": item.bucket.opens_on,
        "valid_until": item.bucket.expires_on,
        "rule": item.bucket.rule,
    }


def _derogation_resources(record: TrainingRecord, visible: frozenset[UUID]) -> list[EntitlementResource]:
    """What derogations hold, a right without limits; nothing when none holds any."""
    if not record.derogated:
        return []
    return [
        {
            "bucket": DEROGATION,
            "units": None,
            "used": len(record.derogated),
            "reserved_by": [held for held in record.derogated if held in visible],
            "valid_from": None,
            "valid_until": None,
            "rule": None,
        }
    ]


def _presentation_resource(item: Presentation, language: Language) -> PresentationResource:
    is_obtained = item.next_attempt_payer is None
    return {
        "qualification": item.qualification,
        "status": item.status,
        "due_on": item.due_on,
        "next_attempt_payer": item.next_attempt_payer,
        "replacement": replacement_text(item.qualification, language) if is_obtained else None,
    }


def obligation_resource(item: Obligation) -> ObligationResource:
    return {
        "period": item.period,
        "required": item.required,
        "followed": item.followed,
        "due_on": item.due_on,
        "status": item.status,
        "excused_by": item.excused_by,
    }


def _missed_session_resource(item: MissedSession, language: Language) -> MissedSessionResource:
    registration = item.registration
    return {
        "registration_id": registration.id,
        "module_code": registration.request.module.code,
        "session_starts_on": registration.first_day,
        "entitlement": registration.entitlement,
        "consequence": item.consequence,
        "label": consequence_sentence(item.consequence).in_language(language),
        "rule": "R17",
    }


def recorded_session_resource(registration: Registration, recorded: RecordedSession) -> RecordedSessionResource:
    session, seat = registration.request.session, recorded.seat
    return {
        "registration_id": registration.id,
        "module_code": registration.request.module.code,
        "session_id": recorded.session_id,
        "reference": recorded.reference,
        "place": recorded.place,
        "starts_on": session.starts_on,
        "ends_on": session.ends_on,
        "status": registration.status,
        "funding": registration.funding,
        "seat": {"status": seat, "place": recorded.seat_place} if seat else None,
        "confirmed": recorded.is_confirmed,
        "cancelled_because": recorded.cancelled_because,
    }


def _carry_over_resource(row: Row, *, with_motive: bool) -> CarriedResource:
    return {
        "id": row["id"],
        "bucket": row["bucket"],
        "units": row["units"],
        "motive": row["motive"] if with_motive else None,
        "decided_on": row["decided_on"],
        "decided_by": row["decided_by"] if with_motive else None,
        "valid_from": row["valid_from"],
        "valid_until": row["valid_until"],
    }


def _in_post_resource(record: TrainingRecord, viewer: RecordViewer) -> InPostResource:
    contract = record.post.contract
    return {
        "value": contract is not None,
        "contract_id": contract.id if contract else None,
        "reasons": [reason_resource(refusal, viewer.language, viewer.owner) for refusal in record.post_refusals],
    }


def _initial_training_resource(record: TrainingRecord) -> InitialTrainingStateResource:
    return {
        "entered_on": record.entered_on,
        "ended_on": record.ended_on,
        "exempt": record.exempted_by is not None,
        "exempted_by": record.exempted_by,
    }


def training_record_resource(
    adviser: UUID,
    record: TrainingRecord,
    sessions: Sequence[RecordedSessionResource],
    carry_over_rows: Sequence[Row],
    viewer: RecordViewer,
) -> TrainingRecordResource:
    """`sessions` are of the registrations that the viewer may see."""
    visible, language = viewer.registrations, viewer.language
    link = f"{viewer.base_url}/v1/advisers/{adviser}/training-record"
    return {
        "adviser_id": adviser,
        "on": record.on,
        "category": record.category,
        "in_post": _in_post_resource(record, viewer),
        "initial_training": _initial_training_resource(record),
        "entitlements": [
            *(_entitlement_resource(item, visible) for item in record.entitlements),
            *_derogation_resources(record, visible),
        ],
        "obligations": [obligation_resource(item) for item in record.obligations],
        "certifications": [_presentation_resource(item, language) for item in record.presentations],
        "unjustified_absences": [
            _missed_session_resource(item, language) for item in record.missed if item.registration.id in visible
        ],
        "sessions": [*sessions],
        "carry_overs": [_carry_over_resource(row, with_motive=viewer.owner is None) for row in carry_over_rows],
        "policy_version": record.policy_version,
        "links": {"self": f"{link}?on={record.on}", "picture": f"{link}.svg?on={record.on}"},
    }
