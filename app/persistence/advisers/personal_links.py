"""The registration behind a personal link, and the decision that the link was sent for."""

from uuid import UUID

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.recorded_sessions import JOIN_SESSION, RECORDED_COLUMNS

# A registration that goes over quota again gets a new message and link: this one is valid as long as every later
# decision has the same outcome.
READ = f"""SELECT r.id, r.adviser_id, r.status, r.funding, r.payer, r.offered_payers, r.session_starts_on,
    r.session_ends_on, r.cancelled_on, {RECORDED_COLUMNS}, k.outcome, k.decided_at, k.policy_version, m.title AS module,
    t.name AS organisation, num_nonnulls(a.first_name, a.last_name, a.email) > 0 AS is_known,
    NOT EXISTS (SELECT FROM decision l WHERE l.registration_id = r.id AND l.outcome <> k.outcome
        AND (l.decided_at, l.id) > (k.decided_at, k.id)) AS stands,
    EXISTS (SELECT FROM decision l WHERE l.registration_id = r.id AND l.cause = 're_examination'
        AND (l.decided_at, l.id) > (k.decided_at, k.id)) AS re_examined
FROM decision k JOIN registration r ON r.id = k.registration_id JOIN adviser a ON a.id = r.adviser_id
JOIN module m ON m.code = r.module_code JOIN training_organisation t ON t.id = r.training_organisation_id
{JOIN_SESSION}
WHERE k.id = $1"""


async def read_decision_to_answer(reader: Reader, decision: UUID) -> Row | None:
    """One row, with that of `recorded_session`; None when the decision is unknown. `stands`: no later decision has
    another outcome."""
    return await reader.one(READ, decision)
