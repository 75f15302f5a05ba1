"""The clients of the demonstration, one per role, and their keys."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from app.api.identity.api_key_secrets import Pepper, generate_key
from app.persistence.administration.api_keys import add_key
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.secrets.secret_box import SecretBox
from app.seed.demonstration_import import add_demonstration_import
from app.seed.demonstration_message import add_demonstration_message
from app.seed.demonstration_webhooks import add_demonstration_endpoints
from app.seed.published_catalogue import LA_MEDNUM

CLIENT_NAMES = {
    Role.PLATFORM: "La Coop (démonstration)",
    Role.TRAINING_ORGANISATION: "La Mednum (démonstration)",
    Role.ADMIN: "Administration (démonstration)",
}


# For administrators to revoke: nobody has its key.
FORMER_CLIENT, FORMER_KEY_ID = uuid5(NAMESPACE_URL, "urn:inscriptions:client:former"), "Demonstratio"


async def add_demonstration_clients(tx: Transaction, now: datetime) -> dict[Role, Client]:
    """Those that do not exist yet. Return all of them, by role."""
    clients: dict[Role, Client] = {}
    for role, name in CLIENT_NAMES.items():
        organisation = LA_MEDNUM if role is Role.TRAINING_ORGANISATION else None
        clients[role] = Client(uuid5(NAMESPACE_URL, f"urn:inscriptions:client:{role}"), role, organisation)
        await add_client(tx, clients[role], name, now)
    return clients


async def make_demonstration_keys(database: Database, pepper: Pepper, now: datetime) -> dict[str, str]:
    """The secret of a new key for each role, by role, and `training_organisation_id`: that of the second client."""
    keys = {"training_organisation_id": str(LA_MEDNUM)}
    async with database.transaction() as tx:
        clients = await add_demonstration_clients(tx, now)
        for role, client in clients.items():
            key = generate_key()
            await add_key(tx, key.id, client.id, pepper.digest(key.secret), expires_at=None, now=now)
            keys[role] = key.secret
        former = Client(FORMER_CLIENT, Role.PLATFORM, None)
        if await add_client(tx, former, "Ancien éditeur (démonstration)", now) is not None:
            await add_key(
                tx, FORMER_KEY_ID, FORMER_CLIENT, pepper.digest(generate_key().secret), expires_at=None, now=now
            )
    await add_demonstration_endpoints(database, clients[Role.ADMIN], SecretBox(pepper.secrets), now)
    await add_demonstration_message(database)
    await add_demonstration_import(database, clients[Role.ADMIN], now)
    return keys
