"""`python -m app serve`, from its first line to its last."""

import json
import logging
import os
import re
import signal
import socket
import stat
import sys
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from tests.cli.cli_process import (
    FirstStart,
    processes_in,
    run_command,
    serving_cold_process,
    serving_process,
    wait_until_no_process,
)
from tests.http_builders import an_adviser, an_adviser_in_post, policy_body, register, registration_body
from tests.imports.sample_files import ADVISERS, csv_bytes
from tests.imports.sample_files import an_adviser as a_line
from tests.live_server import TLS_CONTEXT

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
_NONE: Mapping[str, str] = {}
ROLES = ("platform", "training_organisation", "admin")


def test_a_first_start_prints_where_to_go_and_three_keys(first_start: FirstStart) -> None:
    printed, keys = first_start.printed, first_start.keys

    assert f"{keys['base_url']}/docs" in printed
    assert all(f"{role} " in printed and keys[role] in printed for role in ROLES)


def test_the_keys_are_for_their_owner_only(filled_data_dir: Path) -> None:
    keys = json.loads((filled_data_dir / "demo-keys.json").read_text())

    assert keys.keys() == {"base_url", "training_organisation_id", *ROLES}
    assert stat.S_IMODE((filled_data_dir / "demo-keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((filled_data_dir / "secret-key").stat().st_mode) == 0o600


def test_a_second_start_keeps_the_data_and_the_keys(filled_data_dir: Path) -> None:
    with serving_process(filled_data_dir) as first, first.client("platform") as client:
        adviser, keys = client.get(f"/v1/advisers/{an_adviser(client)}").json(), first.keys

    started = time.monotonic()
    with serving_cold_process(filled_data_dir) as second, second.client("platform") as client:
        logging.getLogger(__name__).info("ready again after %.1f s", time.monotonic() - started)
        found, kept = client.get(f"/v1/advisers/{adviser['id']}").json(), second.keys

    assert found == adviser
    assert kept == keys | {"base_url": second.base_url}


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_and_leaves_no_server(filled_data_dir: Path, number: signal.Signals) -> None:
    with serving_cold_process(filled_data_dir) as program:
        at_work = processes_in(filled_data_dir)
        status = program.stop(number)

    assert at_work
    assert status in {0, 128 + number, -number}
    assert processes_in(filled_data_dir) == []


@linux
def test_a_stop_says_nothing_alarming(filled_data_dir: Path) -> None:
    with serving_cold_process(filled_data_dir) as program:
        os.kill(program.process.pid, signal.SIGINT)
        program.process.wait(30)
        said = program.printed + program.logged

    assert '"status":200' in said
    assert not re.search("traceback|error|warning", said, re.IGNORECASE)


def test_told_to_stop_it_says_so_and_serves_what_still_comes(filled_data_dir: Path) -> None:
    with serving_process(filled_data_dir, DRAIN_SECONDS="1.5") as program, program.client("platform") as client:
        os.kill(program.process.pid, signal.SIGTERM)
        while (ready := client.get("/readyz")).is_success:
            pass
        served = [client.get("/v1/modules").status_code for _ in range(20)]
        alive = client.get("/livez").status_code
        status = program.process.wait(30)

    assert (ready.status_code, ready.headers["Retry-After"], ready.json()["code"]) == (503, "1", "unavailable")
    assert (set(served), alive) == ({200}, 200)
    assert status in {0, 128 + signal.SIGTERM, -signal.SIGTERM}


def get_anew(url: str, headers: Mapping[str, str] = _NONE) -> httpx.Response:
    """Ask on a connection of its own: any process may answer."""
    return httpx.get(url, headers=headers, verify=TLS_CONTEXT)


def test_several_processes_count_together(filled_data_dir: Path) -> None:
    with serving_process(filled_data_dir, WORKERS="2") as program:
        for _ in range(40):
            get_anew(f"{program.base_url}/problems/not-found").raise_for_status()
        counted = {get_anew(f"{program.base_url}/metrics").text.count("\n") > 0 for _ in range(4)}
        told = get_anew(f"{program.base_url}/metrics").text

    lines = [line for line in told.splitlines() if line.startswith("http_server_request_duration_seconds_count")]
    pages = sum(float(line.rpartition(" ")[2]) for line in lines if 'route="(page)"' in line)
    assert counted == {True}
    assert pages >= 40


@linux
def test_killed_it_leaves_no_server_and_loses_nothing(filled_data_dir: Path) -> None:
    with serving_cold_process(filled_data_dir) as program, program.client("platform") as client:
        registration = register(client, an_adviser_in_post(client)).raise_for_status().json()
        program.stop(signal.SIGKILL)
    wait_until_no_process(filled_data_dir)

    with serving_process(filled_data_dir) as again, again.client("platform") as client:
        found = client.get(f"/v1/registrations/{registration['id']}").raise_for_status().json()

    links = {name: address.replace(program.base_url, again.base_url) for name, address in registration["links"].items()}
    assert found == registration | {"links": links}


@linux
def test_several_processes_serve_together(filled_data_dir: Path) -> None:
    with serving_cold_process(filled_data_dir, WORKERS="2") as program:
        answers = [get_anew(f"{program.base_url}/readyz") for _ in range(20)]
        with program.client("platform") as client:
            registered = register(client, an_adviser_in_post(client))
        children = Path(f"/proc/{program.process.pid}/task/{program.process.pid}/children").read_text().split()
        status = program.stop(signal.SIGINT)

    assert {answer.status_code for answer in answers} == {200}
    assert registered.status_code == 201
    assert len(children) >= 3  # two servers, and PostgreSQL
    assert status in {0, 130, -signal.SIGINT}
    assert processes_in(filled_data_dir) == []


@linux
def test_each_of_several_processes_bounds_heads_and_believes_its_proxies(filled_data_dir: Path) -> None:
    with serving_process(
        filled_data_dir, WORKERS="2", TRUSTED_PROXIES="127.0.0.1", RATE_LIMIT_PER_MINUTE="3"
    ) as program:
        url = program.base_url
        large = [get_anew(f"{url}/livez", {"X-Filling": "x" * 40_000}) for _ in range(8)]
        asked = [get_anew(f"{url}/v1/modules", {"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(20)]
        same = [get_anew(f"{url}/v1/modules", {"X-Forwarded-For": "198.51.100.1"}) for _ in range(10)]

    assert {(answer.status_code, answer.json()["code"]) for answer in large} == {(431, "head-too-large")}
    assert {answer.status_code for answer in asked} == {401}
    assert {answer.status_code for answer in same} == {401, 429}


def _deciding_versions(asked: dict[str, object], client: httpx.Client) -> set[str]:
    """The versions of the policy that previews name, each on a connection of its own: in any process."""
    url, headers = f"{client.base_url}/v1/registrations/preview", dict(client.headers)
    answers = [
        httpx.post(url, json=asked, headers=headers, verify=TLS_CONTEXT).raise_for_status().json() for _ in range(20)
    ]
    return {answer["policy_version"] for answer in answers}


def test_several_processes_see_a_version_of_the_policy_at_once(filled_data_dir: Path) -> None:
    with (
        serving_process(filled_data_dir, WORKERS="2") as program,
        program.client("platform") as platform,
        program.client("admin") as admin,
    ):
        ahead = f"{date.today() + timedelta(days=900):%Y-%m-%d}"  # noqa: DTZ011, TID251  # by the clock of the processes
        asked = registration_body(an_adviser_in_post(platform), starts_on=ahead)
        before = _deciding_versions(asked, platform)
        admin.post("/v1/policies", json=policy_body(effective_from=ahead)).raise_for_status()
        after = _deciding_versions(asked, platform)

    assert (before, after) == ({"2021-01-01"}, {ahead})


def test_it_is_found_under_another_name(filled_data_dir: Path) -> None:
    port = str(_free_port())
    with serving_process(filled_data_dir, PORT=port, PUBLIC_BASE_URL="https://inscriptions.example.org/") as program:
        with program.client("platform") as client:
            made = client.post("/v1/advisers", json={})
        keys = program.keys

    assert made.headers["Location"].startswith("https://inscriptions.example.org/v1/advisers/")
    assert keys["base_url"] == "https://inscriptions.example.org"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_commands_typed_beside_it_find_its_database(filled_data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "conseillers.csv"
    file.write_bytes(csv_bytes(ADVISERS, a_line(8_000_001)))

    with serving_process(filled_data_dir) as program, program.client("platform") as client:
        address = program.data_dir / "database-url"
        assert address.stat().st_mode & 0o777 == 0o600
        done = run_command("import", "advisers", str(file), DATA_DIR=str(filled_data_dir))
        listed = client.get("/v1/advisers", params={"conum_id": 8_000_001}).json()["data"]
        key = run_command("keys", "create", "La Coop", "platform", DATA_DIR=str(filled_data_dir))

    assert (done.returncode, len(listed), key.returncode) == (0, 1, 0), done.stderr
    assert not address.exists()
    assert "DATABASE_URL : requis" in run_command("keys", "list", DATA_DIR=str(filled_data_dir)).stderr
