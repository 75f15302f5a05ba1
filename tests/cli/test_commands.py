"""The other commands, on the database of `DATABASE_URL`."""

import json
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from app.clock import utc_now
from app.domain.facts.calendar import civil_date
from app.embedded.cluster import Cluster
from app.seed.published_catalogue import HISTYA
from tests.api.response_assertions import offline_application
from tests.cli.cli_process import new_folder, run_cold_command, run_command, serving_process
from tests.live_server import TLS_CONTEXT

SECRET = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing
KEY = re.compile(r"^clé +(insc_\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def settings(cluster: Cluster) -> dict[str, str]:
    """An empty database."""
    cluster.create_database("commanded")
    return {"DATABASE_URL": cluster.url("commanded"), "SECRET_KEY": SECRET}


@pytest.fixture(scope="module")
def migrated(settings: dict[str, str]) -> dict[str, str]:
    """The same, with its schema and its catalogue."""
    for command in ("migrate", "seed"):
        done = run_command(command, **settings)
        assert done.returncode == 0, done.stderr
    return settings


@pytest.fixture(scope="module")
def with_keys(migrated: dict[str, str]) -> dict[str, str]:
    """The secret of one key for each role."""
    commands = {
        "platform": ("La Coop", "platform"),
        "training_organisation": ("Histya", "training_organisation", "--training-organisation-id", str(HISTYA)),
        "admin": ("ANCT", "admin", "--expires", f"{civil_date(utc_now())}"),
    }
    printed = {role: run_command("keys", "create", *words, **migrated) for role, words in commands.items()}
    assert {done.returncode for done in printed.values()} == {0}, printed
    return {role: KEY.findall(done.stdout)[0] for role, done in printed.items()}


async def test_migrate_and_seed_may_be_run_again(migrated: dict[str, str]) -> None:
    again = [run_command(command, **migrated).returncode for command in ("migrate", "seed")]

    connection = await asyncpg.connect(migrated["DATABASE_URL"])
    counted = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM module) AS modules, (SELECT count(*) FROM policy) AS policies"
    )
    await connection.close()
    assert again == [0, 0]
    assert counted is not None
    assert (counted["modules"] > 5, counted["policies"]) == (True, 1)


def _reached(cluster: Cluster, form: str) -> dict[str, str]:
    """The settings of a new database whose URL has this form, with nobody at the first of its hosts."""
    name = f"reached_{uuid4().hex}"
    cluster.create_database(name)
    parts = urlsplit(cluster.url(name))
    credentials, _, own = parts.netloc.rpartition("@")
    url = form.format(user=credentials, own=own, port=own.rpartition(":")[2], name=name)
    return {"DATABASE_URL": url, "SECRET_KEY": SECRET}


FORMS = [
    "postgresql://{user}@127.0.0.1:1,{own}/{name}?sslmode=disable&target_session_attrs=read-write",
    "postgresql://{user}@/{name}?host=/nowhere,127.0.0.1&port={port}&sslmode=prefer&application_name=ours",
]


@pytest.mark.parametrize("form", FORMS, ids=["several hosts", "a socket and a host"])
def test_migrate_takes_the_urls_that_serve_takes(cluster: Cluster, form: str) -> None:
    settings = _reached(cluster, form)

    done = [run_command(command, **settings) for command in ("migrate", "seed")]
    with new_folder() as folder, serving_process(folder / "var", **settings) as program:
        ready = httpx.get(f"{program.base_url}/readyz", verify=TLS_CONTEXT).status_code

    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert ready == 200


async def test_a_migration_that_the_database_refuses_is_said_in_one_line(cluster: Cluster) -> None:
    cluster.create_database("in_the_way")
    connection = await asyncpg.connect(cluster.url("in_the_way"))
    await connection.execute("CREATE TABLE adviser ()")
    await connection.close()

    refused = run_command("migrate", DATABASE_URL=cluster.url("in_the_way"), SECRET_KEY=SECRET)

    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert refused.stderr.startswith("DATABASE_URL : la base de données ne répond pas (")


def test_encryption_that_the_server_has_not_is_said_in_one_line(cluster: Cluster) -> None:
    refused = run_command("migrate", DATABASE_URL=f"{cluster.url('postgres')}?sslmode=require", SECRET_KEY=SECRET)

    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert refused.stderr.startswith("DATABASE_URL : ")


def test_keys_are_listed_without_their_secret(migrated: dict[str, str], with_keys: dict[str, str]) -> None:
    listed = run_command("keys", "list", **migrated)

    assert listed.returncode == 0
    for role, secret in with_keys.items():
        identifier = secret.split("_")[1]
        assert re.search(rf"^{identifier} .*{role}", listed.stdout, re.MULTILINE)
        assert secret.split("_")[2] not in listed.stdout


def test_keys_open_a_service_on_that_database(migrated: dict[str, str], with_keys: dict[str, str]) -> None:
    with new_folder() as folder, serving_process(folder / "var", **migrated) as program:
        answers = {role: _modules(program.base_url, secret) for role, secret in with_keys.items()}
        printed, left = program.printed, [*folder.iterdir()]

    assert {role: answer.status_code for role, answer in answers.items()} == dict.fromkeys(with_keys, 200)
    assert "insc_" not in printed
    assert left == []


def _modules(base_url: str, secret: str) -> httpx.Response:
    return httpx.get(f"{base_url}/v1/modules", headers={"Authorization": f"Bearer {secret}"}, verify=TLS_CONTEXT)


def test_a_revoked_key_no_longer_opens(migrated: dict[str, str]) -> None:
    secret = KEY.findall(run_command("keys", "create", "À révoquer", "platform", **migrated).stdout)[0]
    revoked = run_command("keys", "revoke", secret.split("_")[1], **migrated)

    with new_folder() as folder, serving_process(folder / "var", **migrated) as program:
        answer = _modules(program.base_url, secret)

    assert (revoked.returncode, answer.status_code) == (0, 401)


def test_a_key_that_is_not_there_is_not_revoked(migrated: dict[str, str]) -> None:
    done = run_command("keys", "revoke", "nothing", **migrated)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def _made(settings: dict[str, str], *words: str) -> dict[str, str]:
    """What is printed of a new key, by its name."""
    done = run_command("keys", "create", *words, **settings)
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


def test_a_client_has_two_keys_at_most(migrated: dict[str, str]) -> None:
    client = _made(migrated, "La Coop", "platform")["client"]

    second = _made(migrated, "--client", client)["client"]
    third = run_command("keys", "create", "--client", client, **migrated)

    assert second == client
    assert (third.returncode, third.stdout) == (2, "")
    assert third.stderr.startswith("Clés actives : ")


def test_a_key_of_some_scopes_goes_no_further(migrated: dict[str, str]) -> None:
    scopes = ("--scope", "catalogue:read", "--scope", "advisers:read")
    secret = _made(migrated, "La Coop", "platform", *scopes)["clé"]

    with new_folder() as folder, serving_process(folder / "var", **migrated) as program:
        headers = {"Authorization": f"Bearer {secret}"}
        client = httpx.Client(base_url=program.base_url, headers=headers, verify=TLS_CONTEXT)
        statuses = [client.get(f"/v1/{noun}").status_code for noun in ("modules", "advisers", "registrations")]
        client.close()

    assert statuses == [200, 200, 403]


def test_a_key_revoked_at_the_command_line_stops_at_once(migrated: dict[str, str]) -> None:
    """Each call starts a process: it ends after the revocation has been announced."""
    secret = _made(migrated, "À révoquer", "platform")["clé"]

    with new_folder() as folder, serving_process(folder / "var", **migrated) as program:
        before = _modules(program.base_url, secret).status_code
        run_command("keys", "revoke", secret.split("_")[1], **migrated)
        statuses = [_modules(program.base_url, secret).status_code for _ in range(50)]

    assert (before, statuses[-1]) == (200, 401)


async def test_the_command_line_leaves_its_trace(migrated: dict[str, str]) -> None:
    client = _made(migrated, "La Coop", "platform")["client"]

    connection = await asyncpg.connect(migrated["DATABASE_URL"])
    rows = await connection.fetch(
        "SELECT action, client_id, request_id FROM audit_log WHERE subject_ids = ARRAY[$1::text::uuid]", client
    )
    await connection.close()
    assert [tuple(row) for row in rows] == [("createApiKey", None, None)]


def test_a_client_of_the_issuer_is_kept_listed_and_revoked(migrated: dict[str, str]) -> None:
    words = ("clients", "create", "La Coop", "platform", "--issuer-client-id", "coop@issuer")
    made, again = run_command(*words, **migrated), run_command(*words, **migrated)
    client = made.stdout.split()[1]

    listed = run_command("clients", "list", **migrated).stdout
    revoked = run_command("clients", "revoke", client, **migrated)

    assert (made.returncode, again.returncode, revoked.returncode) == (0, 2, 0)
    assert "déjà ce nom" in again.stderr
    assert re.search(rf"^{client} .*coop@issuer", listed, re.MULTILINE)
    assert re.search(rf"^{client} .*révoqué", run_command("clients", "list", **migrated).stdout, re.MULTILINE)


def test_a_database_without_its_schema_is_named(cluster: Cluster) -> None:
    cluster.create_database("bare")

    done = run_command("keys", "list", DATABASE_URL=cluster.url("bare"), SECRET_KEY=SECRET)

    assert done.returncode == 2
    assert "python -m app migrate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("Sans rôle",),
        ("Échue", "platform", "--expires", "2020-01-01"),
        ("Trop longue", "platform", "--expires", "2999-01-01"),
        ("Trop", "platform", "--scope", "audit:read"),
        ("--client", str(uuid4())),
        ("Sans organisme", "training_organisation"),
        ("Organisme inconnu", "training_organisation", "--training-organisation-id", str(uuid4())),
        ("Plateforme d’un organisme", "platform", "--training-organisation-id", str(HISTYA)),
    ],
)
def test_a_key_of_nobody_is_not_made(migrated: dict[str, str], words: tuple[str, ...]) -> None:
    done = run_command("keys", "create", *words, **migrated)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "insc_" not in done.stdout


def test_openapi_prints_the_contract_that_is_served() -> None:
    done = run_command("openapi")

    assert done.returncode == 0
    assert json.loads(done.stdout) == _as_json(offline_application().openapi())


def _as_json(contract: Any) -> Any:
    return json.loads(json.dumps(contract))


def test_the_help_lists_the_commands() -> None:
    done = run_cold_command("--help", COLUMNS="120")

    assert done.returncode == 0
    assert all(command in done.stdout for command in ("serve", "worker", "migrate", "seed", "keys"))
