"""The feed over HTTP: how long cursors live, who sees which events, filters. No worker runs here."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
import orjson
import pytest

from app.api.http.pagination_cursors import CursorSigner
from app.api.identity.api_key_secrets import generate_key
from app.api.notifications.event_feed_reader import BATCHES_PER_REQUEST
from app.domain.events import EventType
from app.persistence.administration.api_keys import add_key
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.engine.database import Database, open_database
from app.persistence.outbox.assign_feed_positions import (
    BATCH,
    begin_epoch,
    delete_expired_events,
    has_unsequenced_events,
)
from app.persistence.schema.retention_periods import EVENTS_RETENTION
from app.seed.published_catalogue import HISTYA
from tests.api.registration_states import (
    accepted_registration,
    initial_training_registration,
    post_action,
    refused_registration,
    upcoming_registration,
)
from tests.api.response_assertions import documented_body, expect_problem
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import PEPPER, LiveServer
from tests.persistence.outbox.event_builders import write_events

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def feed_service(module_service: LiveServer) -> LiveServer:
    """A service whose feed has only the events of these tests."""
    return module_service


@pytest.fixture(scope="module")
def platform(feed_service: LiveServer) -> Generator[httpx.Client]:
    with feed_service.client("platform") as client:
        yield client


@pytest.fixture(scope="module")
def mednum(feed_service: LiveServer) -> Generator[httpx.Client]:
    with feed_service.client("training_organisation") as client:
        yield client


def on_database(served: LiveServer, act: Callable[[Database], Awaitable[object]]) -> None:
    """Do something to the database that only an operator of the service can."""

    async def done() -> None:
        database = open_database(served.database_url, pool_size=1)
        await act(database)
        await database.close()

    asyncio.run(done())


@pytest.fixture(scope="module")
def histya(feed_service: LiveServer) -> Generator[httpx.Client]:
    """Another training organisation."""
    client, key = Client(uuid4(), Role.TRAINING_ORGANISATION, HISTYA), generate_key()

    async def add(database: Database) -> None:
        async with database.transaction() as tx:
            await add_client(tx, client, "Histya", MORNING)
            await add_key(tx, key.id, client.id, PEPPER.digest(key.secret), expires_at=None, now=MORNING)

    on_database(feed_service, add)
    with httpx.Client(base_url=feed_service.base_url, headers={"Authorization": f"Bearer {key.secret}"}) as opened:
        yield opened


def events(client: httpx.Client, after: str | None, **parameters: Any) -> Answer:
    given = parameters if after is None else {"after": after, **parameters}
    found: Answer = documented_body(client.get("/v1/events", params=given), "followEvents")
    return found


def head(client: httpx.Client) -> str:
    cursor: str = events(client, "now")["next"]
    return cursor


def types(page: Answer) -> list[str]:
    return [event["type"] for event in page["data"]]


def test_whatever_happens_after_the_head_is_told_in_order(platform: httpx.Client) -> None:
    start = head(platform)
    registration = upcoming_registration(platform)
    post_action(platform, registration, "cancellation")

    page = events(platform, start)

    assert types(page) == ["registration.accepted", "registration.cancelled"]
    first, second = page["data"]
    assert second["position"] == first["position"] + 1
    assert first["subject"] == {"type": "registration", "id": registration["id"], "version": 1}
    assert second["subject"]["version"] == 2
    assert first["adviser_id"] == registration["adviser_id"]
    assert first["occurred_at"] == "2026-06-15T08:30:00Z"
    assert first["data"] == {
        "status": "accepted",
        "funding": "state",
        "payer": "state",
        "entitlement": "civil_year:2026",
        "module_code": "numerique-responsable",
        "session_starts_on": "2026-09-15",
        "reasons": [],
    }


def test_the_head_is_a_cursor_without_events(platform: httpx.Client) -> None:
    accepted_registration(platform)

    page = events(platform, "now")

    assert (page["data"], page["up_to_date"]) == ([], True)
    assert events(platform, page["next"])["data"] == []


def test_an_empty_page_has_a_cursor_that_goes_on(platform: httpx.Client) -> None:
    empty = events(platform, head(platform))
    accepted_registration(platform)

    assert types(events(platform, empty["next"])) == ["registration.accepted"]


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (500, [3])])
def test_pages_follow_each_other_until_up_to_date(platform: httpx.Client, limit: int, sizes: list[int]) -> None:
    start = head(platform)
    told = [accepted_registration(platform)["id"] for _ in range(3)]
    pages = [events(platform, start, limit=limit)]

    while not pages[-1]["up_to_date"]:
        pages.append(events(platform, pages[-1]["next"], limit=limit))

    assert [len(page["data"]) for page in pages] == sizes
    assert [event["subject"]["id"] for page in pages for event in page["data"]] == told


def test_the_link_of_a_page_goes_on_with_its_filter_and_limit(platform: httpx.Client) -> None:
    start = head(platform)
    refused_registration(platform)
    accepted_registration(platform)
    refused_registration(platform)
    asked = {"after": start, "types": "registration.refused", "limit": "1"}

    first = platform.get("/v1/events", params=asked)
    second = platform.get(first.links["next"]["url"])

    assert types(first.json()) == types(second.json()) == ["registration.refused"]
    assert second.json()["data"][0]["position"] == first.json()["data"][0]["position"] + 2
    assert second.json()["up_to_date"]


def test_without_a_cursor_the_feed_begins_at_its_oldest_event(platform: httpx.Client) -> None:
    accepted_registration(platform)

    assert events(platform, None, limit=1)["data"][0]["position"] == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("registration.refused", ["registration.refused"]),
        ("registration.cancelled,registration.refused", ["registration.refused", "registration.cancelled"]),
        ("registration.*", ["registration.refused", "registration.accepted", "registration.cancelled"]),
        (" registration.refused , registration.* ", None),
        ("certification.*", []),
        (",".join(EventType), None),
    ],
)
def test_a_filter_takes_its_types_and_moves_on_like_any_reader(
    platform: httpx.Client, asked: str, told: list[str] | None
) -> None:
    start = head(platform)
    refused_registration(platform)
    post_action(platform, upcoming_registration(platform), "cancellation")
    everything = events(platform, start)

    page = events(platform, start, types=asked)

    assert types(page) == (types(everything) if told is None else told)
    assert page["up_to_date"]
    accepted_registration(platform)
    assert types(events(platform, page["next"])) == ["registration.accepted"]


@pytest.mark.parametrize(
    "asked",
    ["", "registration", "registration.", "*", ".*", "registration.accept*", "registration.accepted,", "é", "a b"],
)
def test_a_type_that_does_not_exist_is_refused(platform: httpx.Client, asked: str) -> None:
    said = expect_problem(platform.get("/v1/events", params={"types": asked}), 400, "invalid-parameter")

    assert [error["pointer"] for error in said["errors"]] == ["/types"]


def test_an_organisation_is_told_of_its_own_registrations_in_positions_of_its_own(
    platform: httpx.Client, mednum: httpx.Client, histya: httpx.Client
) -> None:
    whole, ours, theirs = head(platform), head(mednum), head(histya)
    mine = accepted_registration(platform)
    accepted_registration(platform, training_organisation_id=str(HISTYA))
    again = register(mednum, an_adviser_in_post(platform)).json()

    page = events(mednum, ours)

    assert [event["subject"]["id"] for event in page["data"]] == [mine["id"], again["id"]]
    assert page["data"][1]["position"] == page["data"][0]["position"] + 1
    assert len(events(histya, theirs)["data"]) == 1
    assert len(events(platform, whole)["data"]) == 3
    assert events(mednum, None, limit=1)["data"][0]["position"] == 1


def test_an_exam_is_told_to_the_organisations_that_registered_the_adviser(
    platform: httpx.Client, mednum: httpx.Client, histya: httpx.Client
) -> None:
    registration = accepted_registration(platform)
    ours, theirs = head(mednum), head(histya)
    exam = {"adviser_id": registration["adviser_id"], "qualification": "pix", "outcome": "obtained", "on": "2026-06-01"}

    platform.post("/v1/certifications", json=exam).raise_for_status()

    (event,) = events(mednum, ours)["data"]
    assert (event["type"], event["subject"]["type"]) == ("certification.recorded", "certification")
    assert event["data"] == {"qualification": "pix", "outcome": "obtained", "on": "2026-06-01"}
    assert events(histya, theirs)["data"] == []


def test_a_carry_over_is_told_to_no_organisation(
    feed_service: LiveServer, platform: httpx.Client, mednum: httpx.Client
) -> None:
    adviser = an_adviser_in_post(platform)
    whole, ours = head(platform), head(mednum)
    report = {"bucket": "civil_year:2026", "units": 1, "motive": "maladie", "decided_on": "2026-06-01"}
    with feed_service.client("admin") as admin:
        admin.post(f"/v1/advisers/{adviser}/carry-overs", json=report).raise_for_status()

    (event,) = events(platform, whole)["data"]

    assert (event["type"], event["subject"]) == (
        "entitlement.carried_over",
        {"type": "adviser", "id": adviser, "version": 1},
    )
    assert events(mednum, ours)["data"] == []


def test_no_event_carries_a_name_or_an_address(platform: httpx.Client) -> None:
    initial_training_registration(platform)
    refused_registration(platform)

    text = platform.get("/v1/events", params={"limit": 500}).text

    assert not [word for word in ("Camille", "Exemple", "@", "Ville") if word in text]


def spoilt(cursor: str) -> str:
    return ("A" if cursor[0] != "A" else "B") + cursor[1:]


@pytest.mark.parametrize("cursor", ["", "42", "nonsense", "é", "A" * 600, "AAAA\n", "now "])
def test_a_malformed_cursor_is_refused(platform: httpx.Client, cursor: str) -> None:
    expect_problem(platform.get("/v1/events", params={"after": cursor}), 400, "invalid-cursor")


def test_a_forged_cursor_is_refused(platform: httpx.Client) -> None:
    expect_problem(platform.get("/v1/events", params={"after": spoilt(head(platform))}), 400, "invalid-cursor")


def test_a_cursor_is_valid_for_one_client_only(
    feed_service: LiveServer, platform: httpx.Client, mednum: httpx.Client
) -> None:
    with feed_service.client("admin") as admin:
        expect_problem(admin.get("/v1/events", params={"after": head(platform)}), 400, "invalid-cursor")
        expect_problem(platform.get("/v1/events", params={"after": head(mednum)}), 400, "invalid-cursor")


def test_the_feed_refuses_the_cursor_of_a_list(platform: httpx.Client) -> None:
    accepted_registration(platform)
    accepted_registration(platform)
    of_a_list = platform.get("/v1/registrations", params={"limit": 1}).json()["pagination"]["next"]

    expect_problem(platform.get("/v1/events", params={"after": of_a_list}), 400, "invalid-cursor")


def test_a_cursor_serves_with_any_filter(platform: httpx.Client) -> None:
    start = events(platform, "now", types="registration.refused")["next"]
    accepted_registration(platform)

    assert types(events(platform, start, types="registration.accepted")) == ["registration.accepted"]


def test_a_cursor_of_an_earlier_release_still_works(platform: httpx.Client) -> None:
    """It names no event."""
    accepted_registration(platform)
    client = uuid5(NAMESPACE_URL, f"urn:inscriptions:client:{Role.PLATFORM}")
    seal = CursorSigner(PEPPER.secrets, orjson.dumps(["/v1/events", str(client)]))
    epoch, position, _ = seal.decode_values(head(platform))
    accepted_registration(platform)

    page = events(platform, seal.encode([epoch, position]))

    assert [event["position"] for event in page["data"]] == [position + 1]


def test_a_cursor_from_before_a_restore_has_expired(own_service: LiveServer) -> None:
    async def restored(database: Database) -> None:
        async with database.transaction() as tx:
            await begin_epoch(tx, MORNING)

    with own_service.client("platform") as client:
        accepted_registration(client)
        before = head(client)
        on_database(own_service, restored)

        expired = client.get("/v1/events", params={"after": before})
        expect_problem(expired, 410, "cursor-expired")
        again = client.get(expired.links["start"]["url"])

        assert types(again.json()) == ["registration.accepted"]
        assert types(events(client, again.json()["next"])) == []


def test_a_cursor_older_than_what_is_kept_has_expired(own_service: LiveServer) -> None:
    with own_service.client("platform") as client:
        start, _ = head(client), accepted_registration(client)
        after_the_first, _ = head(client), accepted_registration(client)
        after_all = head(client)
        on_database(
            own_service,
            lambda database: delete_expired_events(database, MORNING + EVENTS_RETENTION + timedelta(seconds=1)),
        )

        for cursor in (start, after_the_first):
            expect_problem(client.get("/v1/events", params={"after": cursor}), 410, "cursor-expired")
        assert events(client, after_all)["data"] == events(client, None)["data"] == []
        accepted_registration(client)
        assert [event["position"] for event in events(client, after_all)["data"]] == [3]


def test_a_feed_that_has_not_moved_is_not_sent_again(platform: httpx.Client) -> None:
    parameters: dict[str, str | int] = {"after": head(platform), "limit": 5}
    accepted_registration(platform)
    first = platform.get("/v1/events", params=parameters)
    known = {"If-None-Match": first.headers["ETag"]}

    unchanged = platform.get("/v1/events", params=parameters, headers=known)
    accepted_registration(platform)
    moved = platform.get("/v1/events", params=parameters, headers=known)

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == first.headers["ETag"] != moved.headers["ETag"]
    assert moved.status_code == 200


def test_a_full_page_that_ends_at_the_head_is_not_up_to_date_while_an_event_waits(platform: httpx.Client) -> None:
    start = head(platform)
    accepted_registration(platform)
    events(platform, start)
    accepted_registration(platform)

    first = events(platform, start, limit=1)

    assert (len(first["data"]), first["up_to_date"]) == (1, False)
    assert len(events(platform, first["next"])["data"]) == 1


@pytest.mark.parametrize("client", ["platform", "mednum"])
def test_a_feed_is_not_up_to_date_while_more_wait_than_a_request_sequences(
    feed_service: LiveServer, client: str, request: pytest.FixtureRequest
) -> None:
    follower: httpx.Client = request.getfixturevalue(client)
    head(follower)
    on_database(feed_service, lambda database: write_events(database, BATCHES_PER_REQUEST * BATCH + 1))

    answers = [events(follower, "now")["up_to_date"] for _ in range(2)]

    assert answers == [False, True]


def test_a_page_that_ends_before_the_head_leaves_what_waits_alone(
    feed_service: LiveServer, platform: httpx.Client
) -> None:
    start = head(platform)
    accepted_registration(platform)
    accepted_registration(platform)
    events(platform, start)
    accepted_registration(platform)
    waiting: list[bool] = []

    async def look(database: Database) -> None:
        waiting.append(await has_unsequenced_events(database))

    page = events(platform, start, limit=1)
    on_database(feed_service, look)
    whole = events(platform, start)
    on_database(feed_service, look)

    assert (len(page["data"]), len(whole["data"]), waiting) == (1, 3, [True, False])


def test_nobody_follows_without_a_key(feed_service: LiveServer) -> None:
    expect_problem(httpx.get(f"{feed_service.base_url}/v1/events"), 401, "unauthenticated")
