"""`python -m app openapi`."""

import json

import typer


def openapi() -> None:
    """Écrire le contrat OpenAPI sur la sortie standard."""
    from app.api.application import create_application
    from app.api.http.application_state import ApplicationState
    from app.api.identity.api_key_secrets import Pepper
    from app.api.identity.authentication import CredentialAuthenticator
    from app.clock import utc_now
    from app.persistence.engine.database import open_database

    database = open_database("postgresql://nowhere/none")
    authenticator = CredentialAuthenticator(database, Pepper(("",)))
    service = ApplicationState(database, utc_now, ("",), "", authenticator)
    typer.echo(json.dumps(create_application(service).openapi(), ensure_ascii=False, indent=2))
