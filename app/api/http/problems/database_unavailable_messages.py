"""What people are told when the database can't serve."""

from collections.abc import Mapping

from app.persistence.engine.database_errors import DatabaseTrouble
from app.wording.languages import Sentence

DATABASE_UNAVAILABLE_MESSAGES: Mapping[DatabaseTrouble, Sentence] = {
    DatabaseTrouble.AWAY: Sentence(fr="La base de données ne répond pas.", en="The database does not answer."),
    DatabaseTrouble.READ_ONLY: Sentence(
        fr="La base de données ne prend pas d’écriture en ce moment.",
        en="The database takes no writes at the moment.",
    ),
    DatabaseTrouble.EXHAUSTED: Sentence(
        fr="La base de données manque de place, de mémoire ou de connexions.",
        en="The database is short of room, memory or connections.",
    ),
    DatabaseTrouble.BUSY: Sentence(
        fr="La base de données est occupée par d’autres demandes.", en="The database is busy with other requests."
    ),
    DatabaseTrouble.SCHEMA: Sentence(
        fr="Le schéma de la base est plus ancien que ce programme : `python -m app migrate`.",
        en="The database schema is older than this program: `python -m app migrate`.",
    ),
    DatabaseTrouble.ROLE: Sentence(
        fr="Un intermédiaire de connexions a ignoré le rôle ou les délais demandés : joignez PostgreSQL directement, "
        "ou par un intermédiaire qui les transmet.",
        en="A connection pooler ignored the role or the time limits asked for: reach PostgreSQL directly, or through a "
        "pooler that passes them on.",
    ),
    DatabaseTrouble.UNCONFIRMED: Sentence(
        fr="La base de données ne confirme pas les écritures : un serveur de secours ne répond pas.",
        en="The database does not confirm writes: a standby server does not answer.",
    ),
    DatabaseTrouble.POLICY: Sentence(
        fr="Aucune politique de financement n’est chargée : `python -m app seed`.",
        en="No funding policy is loaded: `python -m app seed`.",
    ),
}
