"""`python -m app keys …`: keys made, listed and revoked from the machine itself."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.persistence.administration.client_role import Role

keys = typer.Typer(no_args_is_help=True, help="Clés d’API : créer, lister, révoquer.")

OrganisationOption = Annotated[UUID | None, typer.Option(help="Pour le rôle training_organisation, et lui seul.")]


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
    from app.api.identity.api_key_secrets import Pepper, generate_key
    from app.cli.credentials import end_of, permitted, trace
    from app.clock import utc_now
    from app.settings import SettingsError, settings_of_running_service
    from app.use_cases.administration.administer_api_keys import ExistingClient, KeyRequest, issue_key
    from app.use_cases.administration.administer_clients import NewClient
    from app.use_cases.administration.grantable_scopes import GrantableScopes

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
    wish = KeyRequest(holder, key.id, digest, scope or None, end_of(expires))
    row = permitted(
        lambda database: issue_key(database, wish, GrantableScopes(SCOPES_BY_ROLE), now, trace("createApiKey", now))
    )
    typer.echo(f"client {row['client_id']}\nclé    {key.secret}")


@keys.command("list")
def show_keys() -> None:
    """Lister les clés, sans leur secret."""
    from app.cli.database import with_database
    from app.persistence.administration.api_keys import list_keys

    for row in with_database(list_keys):
        used = f"{row['last_used_at']:%Y-%m-%d}" if row["last_used_at"] else "jamais"
        ends = f"expire le {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else "n’expire pas"
        state = "révoquée" if row["revoked_at"] else f"{ends}, dernier usage : {used}"
        scopes = " ".join(row["scopes"] or ("toutes portées",))
        typer.echo(f"{row['id']}  {row['role']:<22} {row['client_id']}  {row['name']}  {scopes}  {state}")


@keys.command("revoke")
def revoke(key_id: str) -> None:
    """Révoquer une clé, aussitôt et partout."""
    from app.cli.credentials import permitted, trace
    from app.clock import utc_now
    from app.use_cases.administration.administer_api_keys import revoke_key

    now = utc_now()
    permitted(lambda database: revoke_key(database, key_id, now, trace("revokeApiKey", now)))
