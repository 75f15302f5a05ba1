"""The import of the demonstration: finished, with a line that was rejected."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import IgnoredColumns, ImportKind, LineCounts
from app.persistence.administration.imports import NewImport
from app.persistence.administration.rejected_import_lines import RejectedLine
from app.persistence.engine.database import Database
from app.persistence.identities.identity_digests import get_or_create_digester
from app.persistence.identities.identity_normalisation import conum_id_token

DEMONSTRATION_IMPORT = uuid5(NAMESPACE_URL, "urn:inscriptions:import:advisers")
IGNORED_COLUMNS = IgnoredColumns(("Téléphone",))
HEADING = "Ligne rejetée;Colonne en cause;Motif du rejet;Id conseiller;Date de début formation\r\n"
LINE = "3;Date de début formation;L’année doit avoir quatre chiffres.;900041;15/04/24\r\n"


async def add_demonstration_import(database: Database, client: Client, now: datetime) -> None:
    """Requested by this client, unless it exists."""
    digester = await get_or_create_digester(database)
    async with database.transaction() as tx:
        if await imports.read(tx, DEMONSTRATION_IMPORT) is not None:
            return
        file = (HEADING + LINE).encode()
        asked = DEMONSTRATION_IMPORT, client, None, ImportKind.ADVISERS
        await imports.add(tx, NewImport(*asked, dry_run=True, content=file, is_ndjson=False, created_at=now))
        job = await imports.claim(tx, {})
        if job is not None:
            await imports.record_progress(tx, job, imported=1)
            await imports.finish(tx, job, LineCounts(read=3, unchanged=1, rejected=1), HEADING, IGNORED_COLUMNS)
            await rejected_import_lines.store_lines(
                tx, DEMONSTRATION_IMPORT, now, [RejectedLine(3, LINE, [conum_id_token(900_041)])], digester
            )
