"""A file imported from the machine itself, with a bar that moves and counts at the end."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import typer

from app.cli.database import with_database
from app.clock import utc_now
from app.imports.file_parsing import ParsedFile, parse_file
from app.imports.files.spreadsheet import FileRefused
from app.imports.lines.rejects_file import rejects_file
from app.imports.run_import import ImportParameters, ImportProgress, ImportRun
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import ImportKind
from app.persistence.administration.imports import MAX_FILE_BYTES
from app.persistence.engine.database import Database, Reader
from app.settings import SettingsError

# Who decides so, as decisions name them.
COMMAND_LINE = Client(uuid5(NAMESPACE_URL, "urn:inscriptions:ligne-de-commande"), Role.ADMIN, None)
NDJSON_SUFFIXES = {".ndjson", ".jsonl"}
EVERY = 1_000  # lines, where no bar can be drawn


def import_from(file: Path, kind: ImportKind, rejects: Path, *, dry_run: bool) -> None:
    """Leave with status 1 when lines are rejected, or a column that seems to matter is not recognised.

    Raise SettingsError.
    """
    if rejects.resolve() == file.resolve():
        raise SettingsError("--rejects : un autre fichier que celui qu’on importe")
    try:
        with file.open("rb") as opened:
            is_ndjson = file.suffix.lower() in NDJSON_SUFFIXES
            parsed = parse_file(kind, opened.read(MAX_FILE_BYTES + 1), is_ndjson=is_ndjson)
    except FileRefused as refused:
        raise SettingsError(f"{file} : {refused.message.fr}") from None
    _warn(parsed)
    if parsed.recognised.ignored:
        typer.echo(f"Colonnes ignorées : {', '.join(parsed.recognised.ignored)}", err=True)
    order = ImportParameters(kind, COMMAND_LINE, dry_run)
    tally = with_database(lambda database: _carry_out(database, order, parsed))
    _conclude(tally, parsed, rejects, dry_run=dry_run)


def _warn(parsed: ParsedFile) -> None:
    """Before everything else: what is not imported although it seems to matter."""
    if parsed.suspect:
        columns = ", ".join(f"« {heading} » ({seems} ?)" for heading, seems in parsed.suspect.items())
        typer.echo(f"ATTENTION, colonnes non reconnues et non importées : {columns}")


async def _carry_out(database: Database, order: ImportParameters, parsed: ParsedFile) -> ImportProgress:
    with _progress(parsed.read) as reach:

        async def note(_: Reader, __: int, tally: ImportProgress | None) -> None:
            if tally is not None:
                reach(tally.done)

        return await ImportRun(database, order, utc_now, note).run(parsed)


def _conclude(tally: ImportProgress, parsed: ParsedFile, where: Path, *, dry_run: bool) -> None:
    imported = "à importer" if dry_run else "importées"
    typer.echo(
        f"{tally.read} lignes lues, {tally.imported} {imported}, {tally.unchanged} sans changement, "
        f"{len(tally.rejections)} rejetées"
    )
    if tally.rejections:
        where.write_bytes(rejects_file(parsed.recognised, tally.rejections))
        typer.echo(f"Lignes rejetées, chacune avec son motif : {where}", err=True)
    else:
        where.unlink(missing_ok=True)  # that of an earlier run would mislead
    if tally.rejections or parsed.suspect:
        sys.exit(1)


@contextmanager
def _progress(lines: int) -> Generator[Callable[[int], None]]:
    """To be told how many lines are done: a bar on a terminal, a line now and then elsewhere."""
    if sys.stderr.isatty():
        with typer.progressbar(length=lines, file=sys.stderr, label="Import") as bar:
            yield lambda done: bar.update(done - bar.pos)
        return
    said = 0

    def say(done: int) -> None:
        nonlocal said
        if done - said >= EVERY:
            typer.echo(f"{done} lignes sur {lines}", err=True)
            said = done

    yield say
