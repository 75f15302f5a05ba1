"""What an answer may do, each by the use case of its noun, in the transaction of the answer.

Provisional, until the branch that owns it is merged: the first becomes an import, `annulment_deed` of
`certifications.annul_certification`.
"""

from uuid import UUID

from app.persistence.advisers.adviser_files import AdviserSnapshot
from app.persistence.engine.database import Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock
from app.use_cases.advisers.grant_carry_over import carry_over_deed
from app.use_cases.registrations.derogate_registration import derogation_deed
from app.use_cases.registrations.record_attendance import attendance_deed
from app.use_cases.request_context import RequestContext
from app.use_cases.write_changes import ChangeSet

__all__ = ["annulment_deed", "attendance_deed", "carry_over_deed", "derogation_deed"]


async def annulment_deed(
    tx: Transaction,
    lock: AdviserLock,
    snapshot: AdviserSnapshot,
    certification: UUID,
    motive: str,
    context: RequestContext,
) -> ChangeSet:
    raise NotImplementedError
