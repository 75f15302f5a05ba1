"""The receivers accept what the reference implementation signed and nothing else, and apply it once and in order."""

import json
import runpy
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest
from standardwebhooks import Webhook

from tests.api.pages.guide.guide_programs import SAMPLES, TIMEOUT_S, GuideProgram, ListeningProgram, free_port
from tests.live_server import TLS_CONTEXT

Headers = dict[str, str]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # opens nothing
OTHER = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBlbmRwb2ludA=="


def told(name: str = "accepted", version: int = 1, position: int = 1) -> str:
    """The body of an event of one registration."""
    subject = {"type": "registration", "id": "r-1", "version": version}
    data = {"position": position, "subject": subject, "data": {"note": "été"}}
    return json.dumps({"type": f"registration.{name}", "data": data}, ensure_ascii=False)


BODY = told()


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


def _posted(listening: ListeningProgram, headers: Headers, body: str = BODY) -> int:
    return httpx.post(listening.url, content=body.encode(), headers=headers, verify=TLS_CONTEXT).status_code


def _sent(listening: ListeningProgram, delivery: str, body: str) -> None:
    assert _posted(listening, signed(delivery=delivery, body=body), body) == 204


def test_a_receiver_lets_in_what_was_signed_and_nothing_else(receiver: GuideProgram) -> None:
    port = free_port()
    with receiver.listening(port, PORT=str(port), WEBHOOK_SECRETS=SECRET) as listening:
        let_in = {name: _posted(listening, headers()) for name, headers in (GENUINE | FORGED).items()}

    assert let_in == dict.fromkeys(GENUINE, 204) | dict.fromkeys(FORGED, 400)


def test_both_secrets_are_good_while_one_is_replaced(receiver: GuideProgram) -> None:
    port = free_port()
    with receiver.listening(port, PORT=str(port), WEBHOOK_SECRETS=f"{OTHER} {SECRET}") as listening:
        statuses = [_posted(listening, headers) for headers in (signed(), signed(OTHER), _rotating())]

    assert statuses == [204, 204, 204]


def _until_all_is_applied(receiver: GuideProgram) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    with closing(sqlite3.connect(receiver.folder / "inbox.sqlite")) as inbox:
        while inbox.execute("SELECT id FROM inbox WHERE applied = 0").fetchone():
            assert time.monotonic() < deadline


def test_a_delivery_that_comes_twice_is_applied_once_even_after_a_sudden_death(receiver: GuideProgram) -> None:
    port = free_port()
    settings = {"PORT": str(port), "WEBHOOK_SECRETS": SECRET}
    with receiver.listening(port, **settings) as listening:
        for _ in range(2):
            _sent(listening, "msg_1", BODY)
        first = listening.next_line()
        _until_all_is_applied(receiver)  # what it was applying when it died, it applies again
    with receiver.listening(port, **settings) as listening:
        _sent(listening, "msg_1", BODY)
        _sent(listening, "msg_2", told("completed", version=2, position=2))
        second = listening.next_line()

    assert (first, second) == ("Reçu : registration.accepted", "Reçu : registration.completed")


def test_what_comes_after_something_newer_is_not_applied(receiver: GuideProgram) -> None:
    port = free_port()
    with receiver.listening(port, PORT=str(port), WEBHOOK_SECRETS=SECRET) as listening:
        _sent(listening, "msg_3", told("completed", version=3, position=3))
        printed = [listening.next_line()]
        _sent(listening, "msg_1", BODY)
        _sent(listening, "msg_4", told("cancelled", version=4, position=4))
        printed.append(listening.next_line())

    assert printed == ["Reçu : registration.completed", "Reçu : registration.cancelled"]


def test_what_was_acknowledged_before_a_sudden_death_is_applied_in_order_afterwards(receiver: GuideProgram) -> None:
    port = free_port()
    settings = {"PORT": str(port), "WEBHOOK_SECRETS": SECRET}
    names = ("accepted", "rescheduled", "completed")
    with receiver.listening(port, **settings) as listening:
        for place, name in reversed([*enumerate(names, start=1)]):
            _sent(listening, f"msg_{place}", told(name, version=1, position=place))
        for _ in names:
            listening.next_line()
    with closing(sqlite3.connect(receiver.folder / "inbox.sqlite")) as inbox, inbox:
        inbox.execute("UPDATE inbox SET applied = 0")  # as if it had died before
    with receiver.listening(port, **settings) as listening:
        printed = [listening.next_line() for _ in names]

    assert printed == [f"Reçu : registration.{name}" for name in names]


def _asked(listening: ListeningProgram, *head: str) -> int:
    """The status that answers a request whose body never comes."""
    parts = urlsplit(listening.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as proxy:
        proxy.sendall("\r\n".join([*head, "Host: receiver", "", ""]).encode())
        return int(proxy.recv(1024).split()[1])


def test_neither_a_body_without_end_nor_another_address_is_listened_to(receiver: GuideProgram) -> None:
    port = free_port()
    with receiver.listening(port, PORT=str(port), WEBHOOK_SECRETS=SECRET) as listening:
        statuses = [
            _asked(listening, "POST /webhooks HTTP/1.1", "Content-Length: 65537"),
            _asked(listening, "POST /webhooks HTTP/1.1", "Transfer-Encoding: chunked"),
            _asked(listening, "POST /elsewhere HTTP/1.1", "Content-Length: 2"),
        ]

    assert statuses == [413, 413, 404]


@pytest.mark.parametrize("name", GENUINE | FORGED)
def test_the_algorithm_written_by_hand_agrees(name: str) -> None:
    is_genuine = runpy.run_path(str(SAMPLES / "webhook_by_hand.py"))["is_genuine"]

    assert is_genuine(SECRET, (GENUINE | FORGED)[name](), BODY.encode(), time.time()) is (name in GENUINE)
