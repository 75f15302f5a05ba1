"""`python -m app import …`: a spreadsheet from the machine itself, with a bar that moves and counts at the end."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

import typer

from app.administration import with_database
from app.clock import utc_now
from app.imports.file_parsing import ParsedFile, parse_file
from app.imports.files.spreadsheet import FileRefused
from app.imports.kinds.import_kinds import IMPORT_DEFINITIONS
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
EVERY = 1_000  # lines, where no bar can be drawn


def import_file(
    kind: ImportKind,
    file: Annotated[Path | None, typer.Argument(metavar="FICHIER.csv|.xlsx", dir_okay=False, exists=True)] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout vérifier, ne rien écrire.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FICHIER.csv", dir_okay=False, help="FICHIER.rejects.csv par défaut.")
    ] = None,
    columns: Annotated[bool, typer.Option("--columns", help="Montrer les colonnes acceptées.")] = False,
) -> None:
    """Importer un tableur : chaque ligne entière ou pas du tout ; recommencer ne change rien de plus."""
    if columns:
        _show_columns(kind)
        return
    if file is None:
        raise SettingsError("FICHIER : requis ; --columns montre les colonnes qu’il peut avoir")
    where = rejects or file.with_suffix(".rejects.csv")
    if where.resolve() == file.resolve():
        raise SettingsError("--rejects : un autre fichier que celui qu’on importe")
    try:
        with file.open("rb") as opened:
            parsed = parse_file(kind, opened.read(MAX_FILE_BYTES + 1))
    except FileRefused as refused:
        raise SettingsError(f"{file} : {refused.message.fr}") from None
    _warn(parsed)
    if parsed.recognised.ignored:
        typer.echo(f"Colonnes ignorées : {', '.join(parsed.recognised.ignored)}", err=True)
    order = ImportParameters(kind, COMMAND_LINE, dry_run)
    tally = with_database(lambda database: _carry_out(database, order, parsed))
    _conclude(tally, parsed, where, dry_run=dry_run)


def _warn(parsed: ParsedFile) -> None:
    """Before everything else: what is not imported although it seems to matter."""
    if parsed.suspect:
        columns = ", ".join(f"« {heading} » ({seems} ?)" for heading, seems in parsed.suspect.items())
        typer.echo(f"ATTENTION, colonnes non reconnues et non importées : {columns}")


def _show_columns(kind: ImportKind) -> None:
    for column in IMPORT_DEFINITIONS[kind].columns.all:
        headings = [heading for heading, _ in column.ranked_headings if heading != column.name]
        others = f"  aussi : {', '.join(headings)}" if headings else ""
        typer.echo(f"{column.name:<42}{others}")


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
