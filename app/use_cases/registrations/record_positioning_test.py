"""Record the positioning test of an initial training (test de positionnement, R12)."""

from datetime import date
from uuid import UUID

from app.domain.decisions.decision_cascade import Proceedings
from app.domain.errors import HoursNotOffered, NotInitialTraining
from app.domain.events import EventType
from app.domain.facts.calendar import in_force
from app.domain.facts.module import ModuleKind
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Deed, conclude_deed


async def position(database: Database, registration: UUID, taken_on: date, hours: int, asked: Asked) -> Answer:
    """`hours` must be a path length of the policy in force on `taken_on`.

    Raise Missing, NotInitialTraining, InvalidTransition, HoursNotOffered.
    """
    lock = asked.lock_of(registration)
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        dossier = await read_dossier(tx, lock, attempt=asked.attempt)
        present = dossier.registration()
        if present.request.module.kind is not ModuleKind.INITIAL_TRAINING:
            raise NotInitialTraining
        positioned = present.positioned()
        offered = in_force(dossier.policies.on(taken_on).initial_training.path_hours, taken_on)
        if hours not in offered:
            raise HoursNotOffered(hours, offered)
        columns = {"positioning_taken_on": taken_on, "positioning_hours": hours}
        told, said = (EventType.REGISTRATION_PATH_DETERMINED,), {"taken_on": taken_on, "hours": hours}
        deed = Deed(positioned.id, told, dossier.target, columns, said)
        return await conclude_deed(tx, dossier.file, Proceedings(dossier.file, dossier.policies), deed, asked)
