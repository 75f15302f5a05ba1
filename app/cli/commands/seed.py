"""`python -m app seed`."""


def seed() -> None:
    """Charger le catalogue et la politique publiés ; ce qui a été modifié depuis reste."""
    from app.cli.database import with_database
    from app.clock import utc_now
    from app.seed.published_catalogue import load_catalogue
    from app.settings import read_settings

    email = read_settings().support_email
    with_database(lambda database: load_catalogue(database, email, utc_now()))
