"""The receivers of the guide let in what the reference implementation signed, and nothing else."""

import json
import runpy
import socket
import sys
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen

import httpx
import pytest
from standardwebhooks import Webhook

from tests.guide.programs import SAMPLES, Program, node

Headers = dict[str, str]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # opens nothing
OTHER = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBlbmRwb2ludA=="
BODY = json.dumps({"type": "registration.accepted", "data": {"status": "accepted", "note": "été"}}, ensure_ascii=False)


def signed(secret: str = SECRET, *, age: int = 0, delivery: str = "msg_1", body: str = BODY) -> Headers:
    """The headers of a delivery sent `age` seconds ago."""
    at = datetime.fromtimestamp(int(time.time()) - age, UTC)
    signature = Webhook(secret).sign(delivery, at, body)
    return {
        "webhook-id": delivery, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature
    }  # fmt: skip


def _rotating() -> Headers:
    old, new = signed(OTHER), signed()
    return new | {"webhook-signature": f"{old['webhook-signature']} {new['webhook-signature']}"}


GENUINE: dict[str, Callable[[], Headers]] = {
    "signed": signed,
    "old within five minutes": lambda: signed(age=290),
    "two secrets": _rotating,
}
FORGED: dict[str, Callable[[], Headers]] = {
    "another secret": lambda: signed(OTHER),
    "too old": lambda: signed(age=310),
    "from the future": lambda: signed(age=-310),
    "another body": lambda: signed(body=BODY.replace("accepted", "refused")),
    "another id": lambda: signed() | {"webhook-id": "msg_2"},
    "another time": lambda: signed(age=10) | {"webhook-timestamp": signed()["webhook-timestamp"]},
    "not base64": lambda: signed() | {"webhook-signature": "v1,***"},
    "no version": lambda: signed() | {"webhook-signature": "nonsense"},
    "unsigned": Headers,
    "no time": lambda: signed() | {"webhook-timestamp": "today"},
}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
    return number


def _wait_until_listening(port: int, process: Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, "it stopped"
            assert time.monotonic() < deadline, "it does not listen"
        else:
            return


@pytest.fixture(params=["webhook.py", "webhook.ts"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[tuple[str, Popen[str]]]:
    """Where it listens, and its process."""
    port = _free_port()
    if request.param == "webhook.ts":
        program = node(request.param, request.getfixturevalue("compiled"), tmp_path)
    else:
        start = (sys.executable, "-m", "uvicorn", "webhook:app", "--app-dir", str(SAMPLES), "--port", str(port))
        program = Program((*start, "--log-level", "error"), tmp_path)
    with program.running(WEBHOOK_SECRET=SECRET, PORT=str(port)) as process:
        _wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}/webhooks", process


def _posted(url: str, headers: Headers) -> int:
    return httpx.post(url, content=BODY.encode(), headers=headers).status_code


def test_a_receiver_lets_in_what_was_signed_and_nothing_else(receiver: tuple[str, Popen[str]]) -> None:
    url, _ = receiver

    let_in = {name: _posted(url, headers()) for name, headers in (GENUINE | FORGED).items()}

    assert let_in == dict.fromkeys(GENUINE, 204) | dict.fromkeys(FORGED, 400)


def test_a_delivery_that_comes_twice_is_received_once(receiver: tuple[str, Popen[str]]) -> None:
    url, process = receiver

    statuses = [_posted(url, signed(delivery=delivery)) for delivery in ("msg_1", "msg_2", "msg_1")]

    process.terminate()
    assert statuses == [204, 204, 204]
    assert process.communicate(timeout=10)[0] == "Reçu : registration.accepted\n" * 2


@pytest.mark.parametrize("name", GENUINE | FORGED)
def test_the_algorithm_written_by_hand_agrees(name: str) -> None:
    is_genuine = runpy.run_path(str(SAMPLES / "webhook_by_hand.py"))["is_genuine"]

    assert is_genuine(SECRET, (GENUINE | FORGED)[name](), BODY.encode(), time.time()) is (name in GENUINE)
