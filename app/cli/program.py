"""The command line: `python -m app …`."""

import sys

import typer

from app.cli.commands.clients import clients
from app.cli.commands.feed import feed
from app.cli.commands.import_file import import_file
from app.cli.commands.keys import keys
from app.cli.commands.migrate import migrate, migration
from app.cli.commands.openapi import openapi
from app.cli.commands.secrets import secrets
from app.cli.commands.seed import seed
from app.cli.commands.serve import serve
from app.cli.commands.worker import worker

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Inscriptions des conseillers numériques.")
cli.command("import")(import_file)
cli.command()(serve)
cli.command()(worker)
cli.command()(migrate)
cli.command(hidden=True)(migration)
cli.command()(seed)
cli.command()(openapi)
cli.add_typer(keys, name="keys")
cli.add_typer(clients, name="clients")
cli.add_typer(secrets, name="secrets")
cli.add_typer(feed, name="feed")


def main() -> None:
    """Say a wrong setting, or a database that can't start, in one line."""
    try:
        cli()
    except Exception as problem:
        from app.cli.error_messages import message_of

        message = message_of(problem)
        if message is None:
            raise
        typer.echo(message, err=True)
        sys.exit(2)
