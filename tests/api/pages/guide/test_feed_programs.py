"""The programs that follow what changes, against a served demonstration."""

import json
from pathlib import Path

from tests.api.pages.guide.guide_programs import bash, python
from tests.live_server import LiveServer, idempotency_headers

WAITING = {"status": "awaiting_choice"}


def _settings(served: LiveServer) -> dict[str, str]:
    return {"BASE_URL": served.base_url, "API_KEY": served.keys["platform"]}


def _choose(served: LiveServer, registration: str) -> None:
    with served.client("platform") as platform:
        choice = {"choice": "keep", "payer": "self"}
        platform.post(
            f"/v1/registrations/{registration}/choice", json=choice, headers=idempotency_headers()
        ).raise_for_status()


def _waiting(served: LiveServer) -> str:
    with served.client("platform") as platform:
        found: str = platform.get("/v1/registrations", params=WAITING).json()["data"][0]["id"]
    return found


def test_a_registration_is_received_again_only_once_it_has_changed(
    shell: None, served_demonstration: LiveServer, tmp_path: Path
) -> None:
    del shell
    registration, program = _waiting(served_demonstration), bash("unchanged.sh", tmp_path)
    settings = _settings(served_demonstration) | {"REGISTRATION_ID": registration}

    statuses = [program.run(**settings).stdout for _ in range(2)]
    _choose(served_demonstration, registration)
    statuses.append(program.run(**settings).stdout)

    assert statuses == ["200\n", "304\n", "200\n"]
    assert json.loads((tmp_path / "registration.json").read_text())["status"] == "accepted"


def test_what_changed_is_received_each_night(served_demonstration: LiveServer, tmp_path: Path) -> None:
    registration, program = _waiting(served_demonstration), python("changes.py", tmp_path)

    first = program.run(**_settings(served_demonstration))
    _choose(served_demonstration, registration)
    second = program.run(**_settings(served_demonstration))

    assert (first.stderr, second.stderr) == ("", "")
    assert 0 < int(second.stdout.split()[0]) <= int(first.stdout.split()[0])
    kept = json.loads((tmp_path / "changes.json").read_text())
    with served_demonstration.client("platform") as platform:
        listed = {row["id"]: row for row in platform.get("/v1/registrations", params={"limit": 500}).json()["data"]}
    assert kept["registrations"] == listed
    assert "2020-01-01T00:00:00Z" < kept["since"] <= "2026-06-15T08:29:30Z"


def test_a_copy_is_whole_then_follows(served_demonstration: LiveServer, tmp_path: Path) -> None:
    registration, program = _waiting(served_demonstration), python("follow.py", tmp_path)

    first = program.run(**_settings(served_demonstration))
    _choose(served_demonstration, registration)
    second = program.run(**_settings(served_demonstration))

    assert (first.stderr, second.stderr) == ("", "")
    with served_demonstration.client("platform") as platform:
        listed = {row["id"]: row for row in platform.get("/v1/registrations", params={"limit": 500}).json()["data"]}
    assert json.loads((tmp_path / "copy.json").read_text())["registrations"] == listed
