"""`python -m app clients …`: clients added without a key, listed and revoked from the machine itself."""

from typing import Annotated
from uuid import UUID

import typer

from app.cli.commands.keys import OrganisationOption
from app.persistence.administration.client_role import Role

clients = typer.Typer(no_args_is_help=True, help="Clients : ajouter sans clé, lister, révoquer.")


@clients.command("create")
def create_client(
    name: Annotated[str, typer.Argument(metavar="NOM")],
    role: Annotated[Role, typer.Argument(metavar="RÔLE")],
    training_organisation_id: OrganisationOption = None,
    issuer_client_id: Annotated[str | None, typer.Option(help="Son client_id dans les jetons de l’émetteur.")] = None,
) -> None:
    """Ajouter un client qui vient avec les jetons de TOKEN_ISSUER, ou qui recevra des clés plus tard."""
    from app.cli.credentials import permitted, trace
    from app.clock import utc_now
    from app.persistence.engine.database import Database
    from app.persistence.engine.driver_types import Row
    from app.use_cases.administration.administer_clients import NewClient, insert_client

    now = utc_now()

    async def act(database: Database) -> Row:
        newcomer = NewClient(name, role, training_organisation_id, issuer_client_id)
        async with database.transaction(audit_entry=trace("addClient", now)) as tx:
            return await insert_client(tx, newcomer, now)

    typer.echo(f"client {permitted(act)['id']}")


@clients.command("list")
def show_clients() -> None:
    """Lister les clients."""
    from app.cli.database import with_database
    from app.persistence.administration.clients import list_clients

    for row in with_database(list_clients):
        state = "révoqué" if row["revoked_at"] else row["issuer_client_id"] or ""
        typer.echo(f"{row['id']}  {row['role']:<22} {row['name']}  {state}")


@clients.command("revoke")
def revoke_whole_client(client_id: UUID) -> None:
    """Révoquer un client, toutes ses clés et ses jetons, aussitôt et partout."""
    from app.cli.credentials import permitted, trace
    from app.clock import utc_now
    from app.use_cases.administration.administer_clients import revoke_client

    now = utc_now()
    permitted(lambda database: revoke_client(database, client_id, now, trace("revokeClient", now)))
