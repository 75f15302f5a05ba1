"""`python -m app serve`."""

import signal
import sys
from types import FrameType
from typing import Annotated

import typer


def _exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)


def serve(*, stop_with_make: Annotated[bool, typer.Option("--stop-with-parent", hidden=True)] = False) -> None:
    """Servir l’API. Sans DATABASE_URL : PostgreSQL embarqué, données de démonstration, worker compris."""
    # uvicorn gives signals back once it has drained; leaving by an exception is what stops the embedded server.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    if stop_with_make:
        from app.embedded.parent_death_signal import stop_with_parent

        stop_with_parent(signal.SIGTERM)

    from app.settings import read_settings

    settings = read_settings()
    if settings.database_url is None:
        from app.cli.demonstration import serve_demonstration

        serve_demonstration(settings)
    else:
        from app.cli.serving import serve_database

        serve_database(settings)
