"""The receivers against the real service: events reach them, and a rotation of the secret loses none."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing
from typing import Any

import httpx
import pytest

from app.api.identity.api_key_secrets import Pepper
from app.persistence.engine.database import open_database
from app.seed.demonstration_clients import make_demonstration_keys
from tests.api.openapi.contract_requests import schema_errors
from tests.api.pages.guide.guide_programs import TIMEOUT_S, GuideProgram, free_port
from tests.api.pages.guide.test_webhook_signatures import signed
from tests.cli.cli_process import ServeProcess as Service
from tests.cli.cli_process import new_folder, serving_process
from tests.databases import Databases
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import idempotency_headers

PATH = "/v1/webhook-endpoints"
SECRET_KEY = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing


async def _keys(url: str) -> dict[str, str]:
    database = open_database(url, pool_size=1, secrets=(SECRET_KEY,))
    made = await make_demonstration_keys(database, Pepper((SECRET_KEY,)), MORNING)
    await database.close()
    return made


@pytest.fixture(scope="module")
def service(databases: Databases, template: str) -> Generator[Service]:
    """`python -m app serve` with its worker, that delivers to this machine too."""
    url = databases.copy(template)
    settings = {"RUN_WORKER": "true", "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true", "RATE_LIMIT_PER_MINUTE": "1000000"}
    with new_folder() as folder:
        (folder / "demo-keys.json").write_text(json.dumps(asyncio.run(_keys(url))))
        with serving_process(folder, DATABASE_URL=url, SECRET_KEY=SECRET_KEY, **settings) as started:
            yield started


@pytest.fixture
def platform(service: Service) -> Generator[httpx.Client]:
    with service.client("platform") as client:
        yield client


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def endpoint(platform: httpx.Client, port: int) -> Generator[dict[str, Any]]:
    """Where the receiver will listen; it asks for what happens to registrations."""
    wish = {"url": f"http://127.0.0.1:{port}/webhooks", "types": ["registration.*"]}
    made: dict[str, Any] = platform.post(PATH, json=wish).raise_for_status().json()
    yield made
    platform.delete(f"{PATH}/{made['id']}").raise_for_status()


def _tested(client: httpx.Client, endpoint: dict[str, Any]) -> str:
    """The delivery of a test event."""
    return str(client.post(f"{PATH}/{endpoint['id']}/test").raise_for_status().json()["id"])


def _arrived(client: httpx.Client, delivery: str) -> list[int]:
    """What the receiver answered to each attempt, once the last one is a success."""
    deadline = time.monotonic() + TIMEOUT_S
    while (read := client.get(f"/v1/deliveries/{delivery}").json())["state"] != "delivered":
        assert time.monotonic() < deadline, read
    return [attempt["status"] for attempt in read["attempts"]]


def _kept(receiver: GuideProgram) -> dict[str, str]:
    """The bodies in its inbox, by event."""
    with closing(sqlite3.connect(receiver.folder / "inbox.sqlite")) as inbox:
        return dict(inbox.execute("SELECT id, event FROM inbox").fetchall())


def test_a_registration_is_received_once_as_announced_however_often_it_is_delivered(
    receiver: GuideProgram, platform: httpx.Client, endpoint: dict[str, Any], port: int
) -> None:
    with receiver.listening(port, PORT=str(port), WEBHOOK_SECRETS=endpoint["secret"]) as listening:
        registration = register(platform, an_adviser_in_post(platform)).raise_for_status().json()
        printed = [listening.next_line()]
        (delivery,) = platform.get(f"{PATH}/{endpoint['id']}/deliveries").json()["data"]
        _arrived(platform, delivery["id"])
        platform.post(f"/v1/deliveries/{delivery['id']}/replay", headers=idempotency_headers()).raise_for_status()
        statuses = _arrived(platform, delivery["id"])
        _tested(platform, endpoint)
        printed.append(listening.next_line())

    assert statuses == [204, 204]
    assert printed == ["Reçu : registration.accepted", "Reçu : webhook_endpoint.test"]
    event = json.loads(_kept(receiver)[delivery["event_id"]])
    assert schema_errors({"$ref": "#/components/schemas/WebhookResource"}, event) == []
    assert event["data"]["subject"] == {"type": "registration", "id": registration["id"], "version": 1}
    feed = platform.get("/v1/events", params={"limit": 500}).json()["data"]
    assert [fed for fed in feed if fed["id"] == delivery["event_id"]] == [event["data"]]


def test_what_was_tampered_with_is_refused(
    receiver: GuideProgram, platform: httpx.Client, endpoint: dict[str, Any], port: int
) -> None:
    secret = endpoint["secret"]
    with receiver.listening(port, PORT=str(port), WEBHOOK_SECRETS=secret) as listening:
        _tested(platform, endpoint)
        listening.next_line()
        ((event, body),) = _kept(receiver).items()
        headers = signed(secret, delivery=event, body=body)

        statuses = [
            httpx.post(listening.url, content=sent, headers=headers).status_code
            for sent in (body, body + " ", body.replace(event, event[::-1]))
        ]

    assert statuses == [204, 400, 400]


def test_a_secret_is_replaced_without_a_delivery_refused(
    receiver: GuideProgram, platform: httpx.Client, endpoint: dict[str, Any], port: int
) -> None:
    old, statuses = endpoint["secret"], list[list[int]]()
    new = platform.post(f"{PATH}/{endpoint['id']}/rotate-secret").raise_for_status().json()["secret"]

    for secrets in (old, f"{old} {new}", new):
        with receiver.listening(port, PORT=str(port), WEBHOOK_SECRETS=secrets):
            statuses.append(_arrived(platform, _tested(platform, endpoint)))

    assert statuses == [[204], [204], [204]]
