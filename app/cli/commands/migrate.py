"""`python -m app migrate`, and `migration`, which writes the next one."""


def migrate(revision: str = "head") -> None:
    """Amener la base de DATABASE_URL au schéma le plus récent."""
    from app.persistence.schema import migrations
    from app.settings import database_url, read_settings

    migrations.migrate(database_url(read_settings()), revision)


def migration(name: str) -> None:
    """Écrire la migration suivante, d’après ce qui manque au schéma."""
    from app.persistence.schema import migrations
    from app.settings import database_url, read_settings

    migrations.write_migration(database_url(read_settings()), name)
