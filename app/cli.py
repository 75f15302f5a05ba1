"""The command line: `python -m app …`."""

import asyncio
import errno
import json
import signal
import sys
from types import FrameType
from typing import Annotated

import typer
import uvloop

from app.administration import clients, database_url, keys, with_database
from app.api.application import create_application
from app.api.http.application_state import ApplicationState
from app.api.http.problems.database_unavailable_messages import DATABASE_UNAVAILABLE_MESSAGES
from app.api.identity.api_key_secrets import Pepper
from app.api.identity.authentication import CredentialAuthenticator
from app.clock import utc_now
from app.demonstration import KEYS_FILE, embedded, seed
from app.embedded.cluster_error import ClusterError
from app.embedded.parent_death_signal import stop_with_parent
from app.importing import import_file
from app.logs import configure_logs
from app.metrics import serve_worker_metrics
from app.persistence.administration.client_role import Role
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import DatabaseTrouble, MigrationFailed, SessionRefused, trouble_of
from app.persistence.outbox.feed_positions import begin_epoch
from app.persistence.schema import migrations
from app.rotation import secrets
from app.seed.published_catalogue import load_catalogue
from app.serving import complete_environment, listening_socket, serve_until_told_to_stop
from app.settings import Settings, SettingsError, read_settings, settings_of_running_service
from app.worker import WORKER_POOL_SIZE, run_worker

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Inscriptions des conseillers numériques.")
cli.add_typer(keys, name="keys")
cli.add_typer(clients, name="clients")
cli.add_typer(secrets, name="secrets")
feed = typer.Typer(no_args_is_help=True, help="Le flux des événements.")
cli.add_typer(feed, name="feed")
cli.command("import")(import_file)


def _exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)


@cli.command()
def serve(*, stop_with_make: Annotated[bool, typer.Option("--stop-with-parent", hidden=True)] = False) -> None:
    """Servir l’API. Sans DATABASE_URL : PostgreSQL embarqué, données de démonstration, worker compris."""
    # uvicorn gives signals back once it has drained; leaving by an exception is what stops the embedded server.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    if stop_with_make:
        stop_with_parent(signal.SIGTERM)
    settings = read_settings()
    if settings.database_url is None:
        with embedded(settings) as found:
            _serve(found, with_demonstration=True)
    else:
        _serve(settings, with_demonstration=False)


def _serve(settings: Settings, *, with_demonstration: bool) -> None:
    try:
        listener = listening_socket(settings.host, settings.port)
    except OSError as problem:
        if problem.errno in {errno.EADDRINUSE, errno.EACCES}:
            refused = (
                f"PORT : {settings.host}:{settings.port} n’est pas libre ({problem.strerror}) ; PORT=0 en choisit un"
            )
        else:
            refused = f"HOST : {settings.host} n’est pas une adresse de cette machine ({problem.strerror})"
        raise SettingsError(refused) from None
    port = listener.getsockname()[1]
    base_url = settings.public_base_url or f"http://{settings.host}:{port}"
    settings = settings.model_copy(update={"port": port, "public_base_url": base_url})
    complete_environment(settings)
    if with_demonstration:
        _show(settings, seed(settings))
    else:
        typer.echo(f"Documentation : {base_url}/docs")
    serve_until_told_to_stop(settings, listener)


def _show(settings: Settings, demonstration: dict[str, str]) -> None:
    typer.echo(f"Documentation interactive : {settings.public_base_url}/docs")
    if settings.has_mailbox:
        typer.echo(f"Boîte aux lettres : {settings.public_base_url}/mailbox")
    for role in Role:
        typer.echo(f"  clé {role:<22} {demonstration[role]}")
    typer.echo(f"Clés écrites dans {settings.data_dir / KEYS_FILE} ; Ctrl-C pour arrêter.")
    sys.stdout.flush()


@cli.command()
def worker() -> None:
    """Faire tourner le worker à côté de l’API (DATABASE_URL, ou à côté de `make run`)."""
    settings = settings_of_running_service()
    configure_logs(settings.log_level)
    url = database_url(settings)
    if settings.metrics_port is not None:
        try:
            serve_worker_metrics(settings.host, settings.metrics_port)
        except OSError as problem:
            refused = f"METRICS_PORT : {settings.host}:{settings.metrics_port} n’est pas libre ({problem.strerror})"
            raise SettingsError(refused) from None

    async def run() -> None:
        stop = asyncio.Event()
        database = open_database(url, pool_size=WORKER_POOL_SIZE, secrets=settings.secrets, has_real_clock=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await run_worker(database, url, settings, stop)
        await database.close()

    uvloop.run(run())


@cli.command()
def migrate(revision: str = "head") -> None:
    """Amener la base de DATABASE_URL au schéma le plus récent."""
    migrations.migrate(database_url(read_settings()), revision)


@cli.command(hidden=True)
def migration(name: str) -> None:
    """Écrire la migration suivante, d’après ce qui manque au schéma."""
    migrations.write_migration(database_url(read_settings()), name)


@cli.command("seed")
def seed_catalogue() -> None:
    """Charger le catalogue et la politique publiés ; ce qui a été modifié depuis reste."""
    email = read_settings().support_email
    with_database(lambda database: load_catalogue(database, email, utc_now()))


@cli.command()
def openapi() -> None:
    """Écrire le contrat OpenAPI sur la sortie standard."""
    database = open_database("postgresql://nowhere/none")
    service = ApplicationState(database, utc_now, ("",), "", CredentialAuthenticator(database, Pepper(("",))))
    typer.echo(json.dumps(create_application(service).openapi(), ensure_ascii=False, indent=2))


@feed.command("new-epoch")
def new_epoch() -> None:
    """Faire expirer les curseurs du flux, après une restauration : les lecteurs reprennent, et ne perdent rien."""

    async def act(database: Database) -> None:
        async with database.transaction() as tx:
            await begin_epoch(tx, utc_now())

    with_database(act)
    typer.echo("Les curseurs donnés jusqu’ici ont expiré.")


def main() -> None:
    """Say a wrong setting, or a database that can't start, in one line."""
    try:
        cli()
    except (SettingsError, ClusterError) as problem:
        typer.echo(str(problem), err=True)
        sys.exit(2)
    except Exception as problem:
        trouble = trouble_of(problem)
        if trouble is None:
            raise
        typer.echo(f"DATABASE_URL : {_said(problem, trouble)}", err=True)
        sys.exit(2)


def _said(problem: Exception, trouble: DatabaseTrouble) -> str:
    if trouble is DatabaseTrouble.SCHEMA:
        return "cette base n’a pas encore son schéma ; lancez `python -m app migrate`"
    if trouble is not DatabaseTrouble.AWAY:
        return DATABASE_UNAVAILABLE_MESSAGES[trouble].fr
    if isinstance(problem.__cause__, ValueError):
        return f"n’est pas comprise ({problem.__cause__})"
    if isinstance(problem, SessionRefused):
        return f"le serveur a refusé la session ({problem.__cause__})"
    failure = problem.__cause__ if isinstance(problem, MigrationFailed) else problem
    return f"la base de données ne répond pas ({type(failure).__name__})"
