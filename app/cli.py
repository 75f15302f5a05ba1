"""The command line: `python -m app …`."""

import asyncio
import errno
import json
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from types import FrameType
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

import typer

from app.api.application import create_application
from app.api.keys import Pepper, make_key
from app.api.service import Service
from app.clock import utc_now
from app.demonstration import KEYS_FILE, embedded, seed
from app.embedded.cluster import ClusterError
from app.embedded.parenthood import stop_with_parent
from app.persistence import migrations
from app.persistence.clients import Client, Role, add_client, add_key, list_keys, revoke_key
from app.persistence.database import Database, open_database
from app.persistence.failures import UNREACHABLE, is_broken_reference
from app.seed.catalogue import load_catalogue
from app.serving import complete_environment, listening_socket, serve_until_told_to_stop
from app.settings import Settings, SettingsError, read_settings
from app.worker import work

Result = TypeVar("Result")

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Inscriptions des conseillers numériques.")
keys = typer.Typer(no_args_is_help=True, help="Clés d’API : créer, lister, révoquer.")
cli.add_typer(keys, name="keys")


def _exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)


def _database_url(settings: Settings) -> str:
    """Raise SettingsError."""
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL : requis par cette commande ; `python -m app serve` sait s’en passer")
    return settings.database_url.get_secret_value()


def _with_database(act: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """Run one thing on the database of the environment."""
    url = _database_url(read_settings())

    async def acted() -> Result:
        database = open_database(url, pool_size=2)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(acted())


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
    for role in Role:
        typer.echo(f"  clé {role:<22} {demonstration[role]}")
    typer.echo(f"Clés écrites dans {settings.data_dir / KEYS_FILE} ; Ctrl-C pour arrêter.")
    sys.stdout.flush()


@cli.command()
def worker() -> None:
    """Faire tourner le worker à côté de l’API (DATABASE_URL requis)."""
    settings = read_settings()
    logging.basicConfig(level=settings.log_level.upper())
    url = _database_url(settings)

    async def run() -> None:
        stop, database = asyncio.Event(), open_database(url, pool_size=2)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await work(database, stop)
        await database.close()

    asyncio.run(run())


@cli.command()
def migrate(revision: str = "head") -> None:
    """Amener la base de DATABASE_URL au schéma le plus récent."""
    migrations.migrate(_database_url(read_settings()), revision)


@cli.command(hidden=True)
def migration(name: str) -> None:
    """Écrire la migration suivante, d’après ce qui manque au schéma."""
    migrations.write_migration(_database_url(read_settings()), name)


@cli.command("seed")
def seed_catalogue() -> None:
    """Charger le catalogue et la politique publiés ; ce qui a été modifié depuis reste."""
    email = read_settings().support_email
    _with_database(lambda database: load_catalogue(database, email, utc_now()))


@cli.command()
def openapi() -> None:
    """Écrire le contrat OpenAPI sur la sortie standard."""
    service = Service(open_database("postgresql://nowhere/none"), utc_now, Pepper(("",)), "")
    typer.echo(json.dumps(create_application(service).openapi(), ensure_ascii=False, indent=2, sort_keys=True))


@keys.command("create")
def create_key(
    name: str,
    role: Role,
    training_organisation_id: UUID | None = None,
    client_id: Annotated[UUID | None, typer.Option(help="Une seconde clé du même client, pour la rotation.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Durée de vie, en jours.")] = 365,
) -> None:
    """Créer une clé ; elle n’est montrée qu’une fois."""
    settings = read_settings()
    if settings.secret_key is None:
        raise SettingsError("SECRET_KEY : requis par cette commande")
    if (role is Role.TRAINING_ORGANISATION) != (training_organisation_id is not None):
        raise SettingsError("--training-organisation-id : requis pour ce rôle, et pour lui seul")
    pepper = Pepper(tuple(settings.secret_key.get_secret_value().split()))
    key, now = make_key(), utc_now()
    client = Client(client_id or uuid4(), role, training_organisation_id)

    async def create(database: Database) -> None:
        async with database.transaction() as tx:
            await add_client(tx, client, name, now)
            digest, expires_at = pepper.digest(key.secret), now + timedelta(days=days)
            await add_key(tx, key.id, client.id, digest, expires_at=expires_at, now=now)

    try:
        _with_database(create)
    except Exception as failure:
        if not is_broken_reference(failure):
            raise
        raise SettingsError("--training-organisation-id : aucun organisme n’a cet identifiant") from None
    typer.echo(f"client {client.id}\nclé    {key.secret}")


@keys.command("list")
def show_keys() -> None:
    """Lister les clés, sans leur secret."""
    for row in _with_database(list_keys):
        state = "révoquée" if row["revoked_at"] else f"expire le {row['expires_at']}"
        typer.echo(f"{row['id']}  {row['role']:<22} {row['client_id']}  {row['name']}  {state}")


@keys.command("revoke")
def revoke(key_id: str) -> None:
    """Révoquer une clé, aussitôt."""

    async def act(database: Database) -> bool:
        async with database.transaction() as tx:
            return await revoke_key(tx, key_id, utc_now())

    if not _with_database(act):
        typer.echo(f"Aucune clé active n’a l’identifiant {key_id}.", err=True)
        raise typer.Exit(1)


def main() -> None:
    """Say a wrong setting, or a database that can't start, in one line."""
    try:
        cli()
    except (SettingsError, ClusterError) as problem:
        typer.echo(str(problem), err=True)
        sys.exit(2)
    except UNREACHABLE as problem:
        typer.echo(f"DATABASE_URL : la base de données ne répond pas ({type(problem).__name__})", err=True)
        sys.exit(2)
