"""The statements that read advisers' files: their JSON has the shape of the domain's values."""

from uuid import UUID

from app.persistence.catalogue import MODULE_FACTS, ORGANISATION_FACTS
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.registrations.registrations import RESOURCE_COLUMNS, SEAT
from app.persistence.sessions.sessions import SESSION_FACTS

# What is copied to a registration of the session, and read by no rule.
SESSION_VENUE = "s.place_name AS published_place, s.reference AS published_reference"

CONTRACTS = """(SELECT json_agg(json_build_object('id', c.id, 'starts_on', c.starts_on, 'ends_on', c.ends_on,
    'terminated_on', c.terminated_on, 'renews_contract_id', c.renews_contract_id,
    'legal_form', c.employer_legal_form, 'aidants_connect_accredited', c.employer_aidants_connect_accredited,
    'file', json_build_object('ds_filed', c.ds_file_number IS NOT NULL, 'contract_uploaded_on', c.contract_uploaded_on,
        'validated_on', c.validated_on)))
    FROM contract c WHERE c.adviser_id = a.id)"""

CERTIFICATIONS = """(SELECT json_agg(json_build_object('outcome', c.outcome, 'on', c."on",
    'qualification', json_build_object('code', q.code, 'contains', q.contains,
        'exempts_from_initial_training', q.exempts_from_initial_training, 'valid_from', q.valid_from,
        'valid_until', q.valid_until)))
    FROM certification c JOIN qualification q ON q.code = c.qualification
    WHERE c.adviser_id = a.id AND c.annulled_on IS NULL)"""

# An absence recorded before this column was kept had been agreed as its latest decision says; kept at somebody's
# expense, it has no such decision.
AGREED_FUNDING = """CASE WHEN r.status IN ('absent_justified', 'absent_unjustified') AND r.funding IS NULL
    THEN coalesce(r.agreed_funding, (SELECT d.funding FROM decision d WHERE d.id = r.decision_id), 'none') END"""

REGISTRATIONS = f"""(SELECT json_agg(json_build_object('id', r.id, 'status', r.status, 'funding', r.funding,
    'payer', r.payer, 'unit', r.unit, 'offered_payers', r.offered_payers, 'version', r.version,
    'created_at', r.created_at, 'derogated', r.derogated, 'absence_counts', r.absence_counts,
    'attendance_corrected', r.attendance_corrected, 'agreed_payer', r.agreed_payer, 'agreed_funding', {AGREED_FUNDING},
    'seat', {SEAT},
    'request', json_build_object('module', {MODULE_FACTS},
        'organisation', {ORGANISATION_FACTS},
        'session', json_build_object('starts_on', r.session_starts_on, 'ends_on', r.session_ends_on,
            'format', r.session_format, 'id', r.session_id),
        'requested_on', r.requested_on, 'notified_on', r.notified_on, 'employer_agreement', r.employer_agreement,
        'kept_unfunded', r.funding = 'none' AND r.payer IS NOT NULL)) ORDER BY r.created_at, r.id)
    FROM registration r JOIN module m ON m.code = r.module_code
    JOIN training_organisation o ON o.id = r.training_organisation_id WHERE r.adviser_id = a.id)"""

CARRY_OVERS = """(SELECT json_agg(json_build_object('bucket', c.bucket, 'units', c.units,
    'opens_on', c.valid_from, 'expires_on', c.valid_until))
    FROM carry_over c WHERE c.adviser_id = a.id)"""

# By the index on `adviser_id`: an adviser has few requests, most have none.
EXCUSED_PERIODS = """(SELECT json_agg(s.period) FROM support_request s WHERE s.adviser_id = a.id
    AND s.kind = 'justification' AND s.status = 'granted' AND s.period IS NOT NULL)"""

FILE_JSON = f"""json_build_object(
    'adviser', json_build_object('id', a.id, 'department', a.department, 'in_scheme', a.in_scheme,
        'initial_training', CASE WHEN a.initial_training_entered_on IS NOT NULL THEN json_build_object(
            'entered_on', a.initial_training_entered_on, 'ended_on', a.initial_training_ended_on) END),
    'contracts', coalesce({CONTRACTS}, '[]'),
    'certifications', coalesce({CERTIFICATIONS}, '[]'),
    'registrations', coalesce({REGISTRATIONS}, '[]'),
    'carry_overs', coalesce({CARRY_OVERS}, '[]'),
    'excused_periods', coalesce({EXCUSED_PERIODS}, '[]'),
    'former', CASE WHEN a.former_units <> '{{}}' OR a.former_entries <> '{{}}' THEN json_build_object(
        'entries', a.former_entries, 'units', a.former_units) END)"""


def _read_statement(target: LockTarget, *, with_session: bool = False) -> str:
    """SQL that reads the file of a lock's adviser, with the registration when one is acted on, and the published
    session `$6` with its module and organisation when one is named. Rows whose order no rule reads are in none."""
    adviser = AdviserLock(target, UUID(int=0)).adviser_from_parameter
    columns, joined, module, organisation = "", "", "$2", "$3"
    if with_session:
        columns = f", s.version AS session_version, {SESSION_FACTS} AS session, {SESSION_VENUE}"
        joined = "LEFT JOIN session s ON s.id = $6"
        module, organisation = "coalesce($2, s.module_code)", "coalesce($3, s.training_organisation_id)"
    if target is LockTarget.REGISTRATION:
        columns += f", {RESOURCE_COLUMNS}"
        joined += " JOIN registration r ON r.id = $1 JOIN decision d ON d.id = r.decision_id"
    return f"""SELECT {FILE_JSON} AS file, a.anonymised_at,
    (SELECT array_agg(version) FROM policy) AS policy_versions,
    (SELECT {MODULE_FACTS} FROM module m WHERE m.code = {module}) AS module,
    (SELECT {ORGANISATION_FACTS} FROM training_organisation o WHERE o.id = {organisation}) AS organisation,
    i.fingerprint, i.status AS answered_status, i.headers AS answered_headers, i.body AS answered_body{columns}
FROM adviser a LEFT JOIN idempotency i ON i.client_id = $4 AND i.key = $5 {joined}
WHERE a.id = {adviser}"""


# One that awaits a choice may be promoted, and take a unit from others, even once its session has started.
FIND_ADVISERS_WITH_OPEN_REGISTRATION = """SELECT DISTINCT adviser_id FROM registration
WHERE session_starts_on BETWEEN $1 AND $2
    AND (status = 'awaiting_choice' OR (status IN ('accepted', 'refused') AND session_starts_on > $3))"""
READ_FILES = f"SELECT {FILE_JSON} AS file FROM adviser a WHERE a.id = ANY($1) ORDER BY a.id"

READ_FILE_BY_TARGET = {target: _read_statement(target) for target in LockTarget}
READ_FILE_WITH_SESSION = {
    target: _read_statement(target, with_session=True) for target in (LockTarget.ADVISER, LockTarget.REGISTRATION)
}

# Initial training has ended when its end was recorded, from before this service, or when it was completed here. OFFSET
# keeps the planner from scanning all registrations for a few advisers.
READ_FILES_IN_SCHEME = f"""SELECT {FILE_JSON} AS file FROM adviser a
WHERE a.id = ANY($1) AND a.in_scheme AND (NOT $2 OR a.initial_training_ended_on IS NOT NULL OR EXISTS (
    SELECT FROM registration r JOIN module m ON m.code = r.module_code
    WHERE r.adviser_id = a.id AND r.status = 'completed' AND m.kind = 'initial_training' OFFSET 0))
ORDER BY a.id"""
