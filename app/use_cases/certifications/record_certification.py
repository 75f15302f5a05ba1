"""Record the result of an exam, or a qualification that exempts (section 6)."""

from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.catalogue import QUALIFICATIONS, TRAINING_ORGANISATIONS, read_qualifications
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.use_cases.certifications.result_ledger import ExamResult, ResultLedger
from app.use_cases.errors import UnknownReference
from app.use_cases.request_context import RequestContext
from app.use_cases.unknown_references import NamedReferences, unknown_references


async def record_result(database: Database, result: ExamResult, context: RequestContext) -> ReplayableResponse:
    """Record a result and announce it; refused registrations that it leaves without a reason become regularisable.

    Raise UnknownReference, ImplausibleDate, TitleNotDelivered, MotiveNotValid, ResultExists.
    """
    lock = AdviserLock(LockTarget.ADVISER, result.adviser_id)
    try:
        async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
            tx.add_audit_subjects(result.id)
            snapshot = await read_snapshot(
                tx, lock, idempotency=context.idempotency, organisation=result.training_organisation_id
            )
            ledger = ResultLedger(
                {result.adviser_id: snapshot.file},
                snapshot.policies,
                {item.code: item for item in await read_qualifications(tx)},
                [snapshot.organisation.id] if snapshot.organisation else [],
                context,
            )
            row = ledger.record(result)
            await ledger.write(tx)
            return await store_response(tx, context.idempotency, context.render(row))
    except NotFound as missing:
        named: NamedReferences = {
            "/qualification": (QUALIFICATIONS, result.qualification),
            "/training_organisation_id": (TRAINING_ORGANISATIONS, result.training_organisation_id),
        }
        raise UnknownReference("/adviser_id", *await unknown_references(database, named)) from missing
