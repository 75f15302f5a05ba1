"""The adviser over quota keeps the registration without funding, or cancels it (R26)."""

from uuid import UUID

from app.domain.decisions.decision_cascade import Proceedings
from app.domain.events import EventType
from app.domain.facts.registration import Chooser, Payer
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Deed, conclude_deed


async def keep(database: Database, registration: UUID, payer: Payer, asked: Asked, chooser: Chooser) -> Answer:
    """`chooser` is told to everybody. Raise Missing, InvalidTransition, PayerNotOffered."""
    lock = asked.lock_of(registration)
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        dossier = await read_dossier(tx, lock, attempt=asked.attempt)
        kept = dossier.registration().kept(payer)
        deed = Deed(kept.id, (EventType.REGISTRATION_KEPT_UNFUNDED,), dossier.target, said={"chosen_by": chooser})
        return await conclude_deed(
            tx, dossier.file, Proceedings(dossier.file, dossier.policies).having(kept), deed, asked
        )


async def decline(database: Database, registration: UUID, asked: Asked, chooser: Chooser) -> Answer:
    """`chooser` is told to everybody. Raise Missing, InvalidTransition."""
    lock = asked.lock_of(registration)
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        dossier = await read_dossier(tx, lock, attempt=asked.attempt)
        declined = dossier.registration().declined()
        columns, said = {"cancelled_on": asked.today}, {"chosen_by": chooser}
        deed = Deed(declined.id, (EventType.REGISTRATION_CANCELLED,), dossier.target, columns, said)
        return await conclude_deed(
            tx, dossier.file, Proceedings(dossier.file, dossier.policies).having(declined), deed, asked
        )
