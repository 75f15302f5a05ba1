"""A wrong or missing setting stops the start with one line that names it."""

import socket
from collections.abc import Mapping

import pytest

from tests.cli.cli_process import new_folder, processes_in, run_cold_command, run_command

SECRET = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing
WRONG: Mapping[str, dict[str, str]] = {
    "PORT": {"PORT": "abc"},
    "PORT beyond": {"PORT": "65536"},
    "WORKERS": {"WORKERS": "0"},
    "WORKERS word": {"WORKERS": "deux"},
    "LOG_LEVEL": {"LOG_LEVEL": "bavard"},
    "DATABASE_URL": {"DATABASE_URL": "mysql://localhost/x", "SECRET_KEY": SECRET},
    "DATABASE_URL sslmode": {"DATABASE_URL": "postgresql://localhost/x?sslmode=oui", "SECRET_KEY": SECRET},
    "DATABASE_URL ports": {"DATABASE_URL": "postgresql://a,b/x?port=1,2,3", "SECRET_KEY": SECRET},
    "SECRET_KEY": {"DATABASE_URL": "postgresql://localhost/x"},
    "SECRET_KEY short": {"DATABASE_URL": "postgresql://localhost/x", "SECRET_KEY": "court"},
    "SECRET_KEY blank": {"DATABASE_URL": "postgresql://localhost/x", "SECRET_KEY": " "},
    "PUBLIC_BASE_URL": {"PUBLIC_BASE_URL": "inscriptions.example.org"},
    "TOKEN_AUDIENCE": {"TOKEN_ISSUER": "https://id.example"},
    "TOKEN_ISSUER": {"TOKEN_ISSUER": "http://id.example", "TOKEN_AUDIENCE": "inscriptions"},
    "TOKEN_JWKS_URL": {"TOKEN_JWKS_URL": "keys.json"},
    "SMTP_URL": {"SMTP_URL": "mail.example.org:25"},
    "SMTP_URL option": {"SMTP_URL": "smtp://mail.example.org?tls=true"},
    "SMTP_URL host": {"SMTP_URL": f"smtp://{'a' * 64}.example.org"},
    "SMTP_URL port": {"SMTP_URL": "smtp://mail.example.org:mail"},
    "MAIL_FROM": {"MAIL_FROM": "Inscriptions"},
    "SUPPORT_EMAIL": {"SUPPORT_EMAIL": "support"},
    "TRUSTED_PROXIES": {"TRUSTED_PROXIES": "10.0.0.0/8 proxy.example.org"},
    "TRUSTED_PROXIES network": {"TRUSTED_PROXIES": "10.0.0.1/8"},
    "HOST": {"HOST": "nowhere.invalid", "DATABASE_URL": "postgresql://localhost/x", "SECRET_KEY": SECRET},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_is_named_in_one_line(what: str) -> None:
    with new_folder() as folder:
        stopped = run_command("serve", **{"DATA_DIR": str(folder / "var"), "PORT": "0"} | WRONG[what])

    assert (stopped.returncode, stopped.stdout) == (2, "")
    assert stopped.stderr.startswith(what.partition(" ")[0]), stopped.stderr
    assert stopped.stderr.count("\n") == 1


def test_a_port_already_taken_is_named() -> None:
    with new_folder() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        stopped = run_cold_command("serve", DATA_DIR=str(folder / "var"), PORT=str(taken.getsockname()[1]))
        left = processes_in(folder)

    assert (stopped.returncode, left) == (2, [])
    assert stopped.stderr.startswith("PORT")
    assert stopped.stderr.count("\n") == 1


def test_a_data_folder_that_is_a_file_is_named() -> None:
    with new_folder() as folder:
        (folder / "var").write_text("")
        stopped = run_command("serve", DATA_DIR=str(folder / "var"), PORT="0")

    assert (stopped.returncode, "Traceback" in stopped.stderr) == (2, False)
    assert "var" in stopped.stderr


@pytest.mark.parametrize("command", [("migrate",), ("seed",), ("worker",), ("keys", "list")])
def test_a_command_that_needs_a_database_says_so(command: tuple[str, ...]) -> None:
    stopped = run_command(*command)

    assert stopped.returncode == 2
    assert stopped.stderr.startswith("DATABASE_URL")
    assert stopped.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("migrate",), ("seed",), ("keys", "list")])
def test_a_database_that_does_not_answer_is_said_in_one_line(command: tuple[str, ...]) -> None:
    stopped = run_command(*command, DATABASE_URL="postgresql://u:secret@127.0.0.1:1/x", SECRET_KEY=SECRET)

    assert stopped.returncode == 2
    assert "Traceback" not in stopped.stderr
    assert "secret@" not in stopped.stderr


@pytest.mark.parametrize(
    "url", ["postgresql://u@127.0.0.1:abc/x", "postgresql://u@127.0.0.1:1/x?target_session_attrs", "postgresql://u@[/x"]
)
def test_a_url_that_nobody_understands_is_said_in_one_line(url: str) -> None:
    stopped = run_command("migrate", DATABASE_URL=url, SECRET_KEY=SECRET)

    assert (stopped.returncode, stopped.stderr.count("\n")) == (2, 1), stopped.stderr
    assert stopped.stderr.startswith("DATABASE_URL : ")
