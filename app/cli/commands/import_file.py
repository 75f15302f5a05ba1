"""`python -m app import …`: a file from the machine itself."""

from pathlib import Path
from typing import Annotated

import typer

from app.persistence.administration.import_kind import ImportKind


def import_file(
    kind: ImportKind,
    file: Annotated[
        Path | None, typer.Argument(metavar="FICHIER.csv|.xlsx|.ndjson", dir_okay=False, exists=True)
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tout vérifier, ne rien écrire.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FICHIER.csv", dir_okay=False, help="FICHIER.rejects.csv par défaut.")
    ] = None,
    columns: Annotated[bool, typer.Option("--columns", help="Montrer les colonnes acceptées.")] = False,
) -> None:
    """Importer un tableur ou du NDJSON : chaque ligne entière ou pas du tout ; recommencer ne change rien de plus."""
    if columns:
        _show_columns(kind)
        return
    from app.cli.importing import import_from
    from app.settings import SettingsError

    if file is None:
        raise SettingsError("FICHIER : requis ; --columns montre les colonnes qu’il peut avoir")
    import_from(file, kind, rejects or file.with_suffix(".rejects.csv"), dry_run=dry_run)


def _show_columns(kind: ImportKind) -> None:
    from app.imports.kinds.accepted_columns import ACCEPTED_COLUMNS

    for column in ACCEPTED_COLUMNS[kind].all:
        headings = [heading for heading, _ in column.ranked_headings if heading != column.name]
        others = f"  aussi : {', '.join(headings)}" if headings else ""
        typer.echo(f"{column.name:<42}{others}")
