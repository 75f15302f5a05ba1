"""The service on a machine that has nothing: an embedded PostgreSQL, its secret, demonstration data and keys."""

import asyncio
import json
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import typer
from pydantic import SecretStr

from app.api.identity.api_key_secrets import Pepper
from app.cli.serving import bound, serve_until_told_to_stop
from app.clock import utc_now
from app.embedded.cluster import running_cluster
from app.embedded.postgres_restarter import restarted_on_death
from app.persistence.administration.client_role import Role
from app.persistence.engine.database import open_database
from app.persistence.engine.schema_revision import has_newest_schema
from app.seed.demonstration import load_demonstration
from app.seed.demonstration_clients import make_demonstration_keys
from app.seed.published_catalogue import load_catalogue
from app.settings import DATABASE_FILE, SECRET_FILE, Settings

DATABASE = "registrations"
KEYS_FILE = "demo-keys.json"


def serve_demonstration(settings: Settings) -> None:
    """Serve, until told to stop, what `embedded` starts and `seed` loads. Raise ClusterError, SettingsError."""
    with embedded(settings) as completed:
        served, listener = bound(completed)
        _show(served, seed(served))
        serve_until_told_to_stop(served, listener)


def _show(settings: Settings, demonstration: dict[str, str]) -> None:
    typer.echo(f"Documentation interactive : {settings.public_base_url}/docs")
    if settings.has_mailbox:
        typer.echo(f"Boîte aux lettres : {settings.public_base_url}/mailbox")
    for role in Role:
        typer.echo(f"  clé {role:<22} {demonstration[role]}")
    typer.echo(f"Clés écrites dans {settings.data_dir / KEYS_FILE} ; Ctrl-C pour arrêter.")
    sys.stdout.flush()


def _secret(folder: Path) -> str:
    """The secret of this data folder, made at the first start and readable by its owner only."""
    path = folder / SECRET_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


@contextmanager
def embedded(settings: Settings) -> Generator[Settings]:
    """Start PostgreSQL, keep it alive, bring it to the newest schema, and give the settings that use it. Raise
    ClusterError, also in the end when it could not be kept."""
    with running_cluster(settings.data_dir) as cluster, restarted_on_death(cluster.server):
        cluster.create_database(DATABASE)
        url = cluster.url(DATABASE)
        _migrate(url)
        secret = settings.secret_key or SecretStr(_secret(settings.data_dir))
        with _said(settings.data_dir / DATABASE_FILE, url):
            yield settings.model_copy(update={"database_url": SecretStr(url), "secret_key": secret, "run_worker": True})


def _migrate(url: str) -> None:
    if asyncio.run(has_newest_schema(url)):
        return
    from app.persistence.schema.migrations import migrate

    migrate(url)


@contextmanager
def _said(path: Path, text: str) -> Generator[None]:
    """Written where its owner alone reads it, for commands typed beside, until the block ends."""
    path.touch(mode=0o600)
    path.write_text(text)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


async def _seed(settings: Settings, url: str, known: dict[str, str]) -> dict[str, str]:
    """Return the keys already `known`, new ones when there are none."""
    database, now = open_database(url, pool_size=4, secrets=settings.secrets), utc_now()
    try:
        await load_catalogue(database, settings.support_email, now)
        await load_demonstration(database, now)
        return known or await make_demonstration_keys(database, Pepper(settings.secrets), now)
    finally:
        await database.close()


def seed(settings: Settings) -> dict[str, str]:
    """Load the catalogue and the demonstration once; return the demonstration keys, also written to the data folder."""
    if settings.database_url is None or settings.secret_key is None:
        raise ValueError("the settings of `embedded` are needed")
    path = settings.data_dir / KEYS_FILE
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    keys = asyncio.run(_seed(settings, settings.database_url.get_secret_value(), known))
    path.touch(mode=0o600)
    path.write_text(json.dumps(keys | {"base_url": settings.public_base_url}, indent=2) + "\n")
    return keys
