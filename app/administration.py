"""`python -m app keys …` and `clients …`: who may call, from the machine itself; the rules are those of the API."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from app.api.http.problems.use_case_problems import use_case_problem
from app.api.identity.api_key_secrets import Pepper, generate_key
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.clock import utc_now
from app.persistence.administration.api_keys import list_keys
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import list_clients
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.settings import Settings, SettingsError, settings_of_running_service
from app.use_cases.administration.administer_api_keys import ExistingClient, KeyRequest, issue_key, revoke_key
from app.use_cases.administration.administer_clients import NewClient, insert_client, revoke_client
from app.use_cases.administration.grantable_scopes import GrantableScopes
from app.use_cases.civil_date import PARIS

Result = TypeVar("Result")

keys = typer.Typer(no_args_is_help=True, help="Clés d’API : créer, lister, révoquer.")
clients = typer.Typer(no_args_is_help=True, help="Clients : ajouter sans clé, lister, révoquer.")

OPTIONS = {
    "/name": "NOM",
    "/role": "RÔLE",
    "/training_organisation_id": "--training-organisation-id",
    "/client_id": "--client",
    "/scopes": "--scope",
    "/expires_at": "--expires",
}

OrganisationOption = Annotated[UUID | None, typer.Option(help="Pour le rôle training_organisation, et lui seul.")]


def database_url(settings: Settings) -> str:
    """Raise SettingsError."""
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL : requis par cette commande, sauf à côté de `make run` (même DATA_DIR)")
    return settings.database_url.get_secret_value()


def with_database(act: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """Run one thing on the database of the environment."""
    settings = settings_of_running_service()
    url = database_url(settings)

    async def acted() -> Result:
        database = open_database(url, pool_size=2, secrets=settings.secrets, has_real_clock=True)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(acted())


def _permitted(act: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """The same; raise SettingsError, which names the option, when the rules are against it."""
    try:
        return with_database(act)
    except NotFound:
        raise SettingsError("Rien ni personne n’a cet identifiant") from None
    except Exception as stop:
        problem = use_case_problem(stop)
        if problem is None:
            raise
        named = " ".join(OPTIONS.get(error.pointer, error.pointer) for error in problem.errors)
        raise SettingsError(f"{named} : {problem.detail.fr}" if named else problem.detail.fr) from None


def _trace(action: str, now: datetime) -> AuditEntry:
    """The command line is nobody's client; whoever may use it is on the machine."""
    return AuditEntry(None, action, None, now)


def _end_of(day: datetime | None) -> datetime | None:
    """The midnight in Paris at which that day is over."""
    if day is None:
        return None
    return datetime.combine(day.date() + timedelta(days=1), time(), PARIS).astimezone(UTC)


@keys.command("create")
def create_key(
    name: Annotated[str | None, typer.Argument(metavar="NOM", show_default=False)] = None,
    role: Annotated[Role | None, typer.Argument(metavar="RÔLE", show_default=False)] = None,
    training_organisation_id: OrganisationOption = None,
    client: Annotated[UUID | None, typer.Option(help="La seconde clé de ce client, pour la rotation.")] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="Répétable ; toutes celles du rôle par défaut.")] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Dernier jour, dans douze mois au plus.")
    ] = None,
) -> None:
    """Créer une clé, d’un nouveau client ou d’un client connu ; elle n’est montrée qu’une fois."""
    settings = settings_of_running_service()
    if settings.secret_key is None:
        raise SettingsError("SECRET_KEY : requis par cette commande")
    if client is None and (name is None or role is None):
        raise SettingsError("NOM et RÔLE : requis pour un nouveau client ; --client en nomme un connu")
    key, now = generate_key(), utc_now()
    digest = Pepper(settings.secrets).digest(key.secret)
    holder = (
        NewClient(name, role, training_organisation_id)
        if client is None and name is not None and role is not None
        else ExistingClient(client or UUID(int=0), name, role, training_organisation_id)
    )
    wish = KeyRequest(holder, key.id, digest, scope or None, _end_of(expires))
    row = _permitted(
        lambda database: issue_key(database, wish, GrantableScopes(SCOPES_BY_ROLE), now, _trace("createApiKey", now))
    )
    typer.echo(f"client {row['client_id']}\nclé    {key.secret}")


@keys.command("list")
def show_keys() -> None:
    """Lister les clés, sans leur secret."""
    for row in with_database(list_keys):
        used = f"{row['last_used_at']:%Y-%m-%d}" if row["last_used_at"] else "jamais"
        ends = f"expire le {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else "n’expire pas"
        state = "révoquée" if row["revoked_at"] else f"{ends}, dernier usage : {used}"
        scopes = " ".join(row["scopes"] or ("toutes portées",))
        typer.echo(f"{row['id']}  {row['role']:<22} {row['client_id']}  {row['name']}  {scopes}  {state}")


@keys.command("revoke")
def revoke(key_id: str) -> None:
    """Révoquer une clé, aussitôt et partout."""
    now = utc_now()
    _permitted(lambda database: revoke_key(database, key_id, now, _trace("revokeApiKey", now)))


@clients.command("create")
def create_client(
    name: Annotated[str, typer.Argument(metavar="NOM")],
    role: Annotated[Role, typer.Argument(metavar="RÔLE")],
    training_organisation_id: OrganisationOption = None,
    issuer_client_id: Annotated[str | None, typer.Option(help="Son client_id dans les jetons de l’émetteur.")] = None,
) -> None:
    """Ajouter un client qui vient avec les jetons de TOKEN_ISSUER, ou qui recevra des clés plus tard."""
    now = utc_now()

    async def act(database: Database) -> Row:
        newcomer = NewClient(name, role, training_organisation_id, issuer_client_id)
        async with database.transaction(audit_entry=_trace("addClient", now)) as tx:
            return await insert_client(tx, newcomer, now)

    typer.echo(f"client {_permitted(act)['id']}")


@clients.command("list")
def show_clients() -> None:
    """Lister les clients."""
    for row in with_database(list_clients):
        state = "révoqué" if row["revoked_at"] else row["issuer_client_id"] or ""
        typer.echo(f"{row['id']}  {row['role']:<22} {row['name']}  {state}")


@clients.command("revoke")
def revoke_whole_client(client_id: UUID) -> None:
    """Révoquer un client, toutes ses clés et ses jetons, aussitôt et partout."""
    now = utc_now()
    _permitted(lambda database: revoke_client(database, client_id, now, _trace("revokeClient", now)))
