"""What a rotation of SECRET_KEY writes again, and what still needs its old value."""

import sys
from collections.abc import Iterator

import typer

from app.api.identity.api_key_secrets import KEY_PREFIX
from app.cli.database import with_database
from app.clock import utc_now
from app.persistence.engine.driver_types import Row
from app.settings import SettingsError, settings_of_running_service
from app.use_cases.administration.rotate_secrets import RemainingUses, remaining_uses, reseal_secrets

MAY_GO = "L’ancienne valeur peut être retirée de SECRET_KEY."
STILL_NEEDED = "L’ancienne valeur sert encore :"


def _values() -> tuple[str, ...]:
    """Newest first. Raise SettingsError."""
    values = settings_of_running_service().secrets
    if not values:
        raise SettingsError("SECRET_KEY : requis par cette commande")
    return values


def encrypt_again() -> None:
    """By the first value of SECRET_KEY, all that another one had encrypted."""
    values, now = _values(), utc_now()
    done = with_database(lambda database: reseal_secrets(database, values, now))
    typer.echo(f"{done} secrets chiffrés à nouveau ; voyez `python -m app secrets status`.")


def show_what_remains() -> None:
    """Leave with status 0 when nothing needs an old value any more, 1 otherwise."""
    values, now = _values(), utc_now()
    left = with_database(lambda database: remaining_uses(database, values, now))
    if left.lost:
        typer.echo(f"{left.lost} secrets ne s’ouvrent avec aucune valeur de SECRET_KEY.", err=True)
    if len(values) == 1:
        typer.echo("SECRET_KEY n’a qu’une valeur : il n’y en a pas d’ancienne.")
        sys.exit(int(left.lost > 0))
    if left.is_nothing:
        typer.echo(MAY_GO)
        return
    typer.echo("\n".join((STILL_NEEDED, *_needs(left))))
    sys.exit(1)


def _needs(left: RemainingUses) -> Iterator[str]:
    if left.since is None:
        yield "- la nouvelle n’est pas encore en service : `python -m app secrets rotate`, une fois tout redémarré"
    if left.sealed:
        yield f"- {left.sealed} secrets qu’elle a chiffrés : `python -m app secrets rotate`"
    yield from (f"- la clé {_key_line(row)}" for row in left.keys)
    if left.links:
        yield f"- {left.links} liens personnels qu’elle a signés, valables jusqu’au {left.links_until:%Y-%m-%d} au plus"
    if left.is_settling:
        yield f"- les pages et les visites commencées avant le {left.since:%Y-%m-%d à %H:%M} UTC, pendant une heure"


def _key_line(row: Row) -> str:
    used = f"dernier usage le {row['last_used_at']:%Y-%m-%d}" if row["last_used_at"] else "jamais utilisée"
    ends = f", expire le {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else ""
    whose = f"{KEY_PREFIX}_{row['id']} de « {row['name']} » ({row['role']})"
    return f"{whose}, {used}{ends} : à utiliser une fois, ou à révoquer"
