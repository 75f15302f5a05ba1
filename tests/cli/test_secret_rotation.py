"""`python -m app secrets …`: a rotation as an operator types it."""

import pytest

from app.persistence.engine.database import Database
from tests.cli.cli_process import run_command

OLD, NEW = "an-old-secret-for-tests-long-enough", "a-new-secret-for-tests-that-is-long-enough"


@pytest.fixture
def rotating(database_url: str) -> dict[str, str]:
    """In the middle of a rotation."""
    return {"DATABASE_URL": database_url, "SECRET_KEY": f"{NEW} {OLD}"}


def old_key_id(settings: dict[str, str]) -> str:
    """The identifier of a key made before."""
    done = run_command("keys", "create", "La Coop", "platform", **(settings | {"SECRET_KEY": OLD}))
    return done.stdout.split()[-1].split("_")[1]


async def test_it_says_what_still_needs_the_old_value_and_when_it_may_go(
    database: Database, rotating: dict[str, str]
) -> None:
    key = old_key_id(rotating)
    begun = run_command("secrets", "status", **rotating)
    rotated = run_command("secrets", "rotate", **rotating)
    await database.one("UPDATE secret_value SET first_used_at = first_used_at - interval '1 hour'")
    unused = run_command("secrets", "status", **rotating)
    run_command("keys", "revoke", key, **rotating)
    done = run_command("secrets", "status", **rotating)

    assert [each.returncode for each in (begun, rotated, unused, done)] == [1, 0, 1, 0]
    assert "n’est pas encore en service" in begun.stdout
    assert rotated.stdout == "0 secrets chiffrés à nouveau ; voyez `python -m app secrets status`.\n"
    assert unused.stdout.startswith("L’ancienne valeur sert encore :\n- la clé insc_")
    assert f"{key} de « La Coop » (platform), jamais utilisée, expire le " in unused.stdout
    assert done.stdout == "L’ancienne valeur peut être retirée de SECRET_KEY.\n"


async def test_with_one_value_there_is_none_to_take_away(rotating: dict[str, str]) -> None:
    done = run_command("secrets", "status", **(rotating | {"SECRET_KEY": NEW}))

    assert (done.returncode, done.stdout) == (0, "SECRET_KEY n’a qu’une valeur : il n’y en a pas d’ancienne.\n")


def test_a_secret_is_needed_and_never_shown() -> None:
    nothing = run_command("secrets", "status")

    assert (nothing.returncode, nothing.stderr) == (2, "SECRET_KEY : requis par cette commande\n")
