"""Record the positioning test of an initial training (test de positionnement, R12)."""

from datetime import date
from uuid import UUID

from app.domain.calendar import in_force
from app.domain.errors import HoursNotOffered, NotInitialTraining
from app.domain.events import EventType
from app.domain.module import ModuleKind
from app.domain.proceedings import Proceedings
from app.persistence.attempts import Answer
from app.persistence.database import Database
from app.persistence.files import read_dossier
from app.use_cases.asked import Asked
from app.use_cases.conclude import Deed, conclude_deed


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
