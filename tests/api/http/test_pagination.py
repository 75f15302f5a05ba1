"""Keyset pages, their links and their filters."""

import asyncio
import subprocess
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
import orjson
import pytest

from app.api.http.pagination_cursors import CursorSigner
from app.clock import utc_now
from app.embedded.binaries import find_binaries
from app.embedded.os_account import account_for_new_cluster
from app.persistence.administration.client_role import Role
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.api.registration_states import accepted_registration, post_action, upcoming_registration
from tests.api.response_assertions import expect_problem
from tests.embedded.process_probes import run_sql
from tests.fake_clock import MORNING, FakeClock
from tests.http_builders import a_contract, adviser_body, an_adviser, an_adviser_in_post, register
from tests.live_server import PEPPER, LiveServer

LONG_AGO = datetime(2025, 1, 15, 8, 30, tzinfo=UTC)  # past, by the clock of any database
DAYS = ("2025-03-04", "2025-04-08", "2025-05-13", "2025-06-10", "2025-07-08")


def _several(client: httpx.Client) -> tuple[str, list[str]]:
    """An adviser and the ids of five registrations, in order of creation."""
    adviser_id = an_adviser_in_post(client)
    return adviser_id, [
        register(client, adviser_id, starts_on=day, requested_on="2025-01-10").json()["id"] for day in DAYS
    ]


def _next(answer: httpx.Response) -> str | None:
    """The address of `Link: <…>; rel="next"`."""
    return answer.links.get("next", {}).get("url")


def _walk(client: httpx.Client, path: str, **params: Any) -> Iterator[httpx.Response]:
    """Every page, by the link of the one before, followed as it is written."""
    page = client.get(path, params=params).raise_for_status()
    yield page
    while (url := _next(page)) is not None:
        page = client.get(url).raise_for_status()
        yield page


def _ids(answer: httpx.Response) -> list[str]:
    return [line["id"] for line in answer.json()["data"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_pages_show_each_line_once_in_order(platform: httpx.Client, limit: int) -> None:
    adviser_id, expected = _several(platform)

    pages = [*_walk(platform, "/v1/registrations", adviser_id=adviser_id, limit=limit)]

    assert [line for page in pages for line in _ids(page)] == expected
    assert [len(_ids(page)) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_the_last_page_has_no_next(platform: httpx.Client) -> None:
    adviser_id, _ = _several(platform)

    *others, last = _walk(platform, "/v1/registrations", adviser_id=adviser_id, limit=2)

    assert last.json()["pagination"] == {"next": None}
    assert "Link" not in last.headers
    assert all(page.json()["pagination"]["next"] for page in others)


def test_an_empty_list_is_a_page(platform: httpx.Client) -> None:
    answer = platform.get("/v1/registrations", params={"adviser_id": str(uuid4())})

    assert answer.json() == {"data": [], "pagination": {"next": None}}


def test_a_link_keeps_the_filters_and_the_limit(platform: httpx.Client) -> None:
    adviser_id, _ = _several(platform)
    asked = {"adviser_id": adviser_id, "updated_since": "2020-01-01T01:00:00+01:00", "limit": "2"}

    answer = platform.get("/v1/registrations", params=asked)

    query = {name: values[0] for name, values in parse_qs(str(urlsplit(_next(answer) or "").query)).items()}
    assert query == {**asked, "cursor": answer.json()["pagination"]["next"]}


def test_the_cursor_alone_goes_on_with_the_same_filters(platform: httpx.Client) -> None:
    adviser_id, expected = _several(platform)
    first = platform.get("/v1/registrations", params={"adviser_id": adviser_id, "limit": 2})

    rest = platform.get(
        "/v1/registrations", params={"cursor": first.json()["pagination"]["next"], "adviser_id": adviser_id}
    )

    assert _ids(rest) == expected[2:]


def test_the_default_limit_is_100(platform: httpx.Client) -> None:
    marker = 770_000_000
    for number in range(101):
        an_adviser(platform, conum_id=marker + number)
    wanted = ",".join(str(marker + number) for number in range(101))

    pages = [*_walk(platform, "/v1/advisers", conum_id=wanted)]

    assert [len(_ids(page)) for page in pages] == [100, 1]


def test_a_line_added_behind_a_reader_is_not_read_twice(platform: httpx.Client) -> None:
    adviser_id, expected = _several(platform)
    walk = _walk(platform, "/v1/registrations", adviser_id=adviser_id, limit=2)
    seen = _ids(next(walk))

    added = register(platform, adviser_id, starts_on="2025-08-12").json()["id"]

    assert seen + [line for page in walk for line in _ids(page)] == [*expected, added]


@pytest.mark.parametrize("noun", ["advisers", "contracts", "certifications"])
def test_every_list_is_walked_to_its_end(admin: httpx.Client, noun: str) -> None:
    adviser_id = an_adviser_in_post(admin)
    result = {"adviser_id": adviser_id, "qualification": "pix", "outcome": "failed", "on": "2024-09-12"}
    for _ in range(2):
        admin.post("/v1/certifications", json=result)
    whole = [line for page in _walk(admin, f"/v1/{noun}", limit=500) for line in _ids(page)]

    by_seven = [line for page in _walk(admin, f"/v1/{noun}", limit=97) for line in _ids(page)]

    assert by_seven == whole
    assert len(set(whole)) == len(whole) > 1


def _two(client: httpx.Client) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """An adviser with a funded registration and one that waits, to other modules."""
    adviser_id = an_adviser_in_post(client)
    first = register(client, adviser_id, starts_on="2026-09-08").json()
    second = register(client, adviser_id, starts_on="2026-09-15", module_code="handicap").json()
    return adviser_id, first, second


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "accepted"}, 0),
        ({"status": "awaiting_choice"}, 1),
        ({"module_code": "numerique-responsable"}, 0),
        ({"module_code": "handicap"}, 1),
        ({"status": "awaiting_choice", "module_code": "handicap"}, 1),
    ],
)
def test_registrations_are_filtered(platform: httpx.Client, filters: dict[str, str], expected: int) -> None:
    adviser_id, *both = _two(platform)

    answer = platform.get("/v1/registrations", params={"adviser_id": adviser_id, **filters})

    assert _ids(answer) == [both[expected]["id"]]


def test_filters_are_joined(platform: httpx.Client) -> None:
    adviser_id, *_ = _two(platform)

    answer = platform.get(
        "/v1/registrations", params={"adviser_id": adviser_id, "status": "accepted", "module_code": "handicap"}
    )

    assert _ids(answer) == []


def test_registrations_are_found_by_their_ids(platform: httpx.Client) -> None:
    _, first, second = _two(platform)

    answer = platform.get("/v1/registrations", params={"ids": f"{second['id']}, {uuid4()},{first['id']}"})

    assert _ids(answer) == [first["id"], second["id"]]


def test_registrations_are_found_by_their_organisation(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    theirs = register(admin, adviser_id, training_organisation_id=str(HISTYA)).json()["id"]
    ours = register(admin, adviser_id, starts_on="2025-06-10").json()["id"]

    found = [
        _ids(admin.get("/v1/registrations", params={"adviser_id": adviser_id, "training_organisation_id": str(each)}))
        for each in (HISTYA, LA_MEDNUM)
    ]

    assert found == [[theirs], [ours]]


def test_advisers_are_found_by_their_conum_ids(platform: httpx.Client) -> None:
    first, second = an_adviser(platform, conum_id=880_000_001), an_adviser(platform, conum_id=880_000_002)

    answer = platform.get("/v1/advisers", params={"conum_id": "880000002, 880000001,880000003"})

    assert _ids(answer) == sorted([first, second])


@pytest.mark.parametrize("asked", ["Une.Adresse+1@example.org", "une.adresse+1@EXAMPLE.org"])
def test_advisers_are_found_by_their_address_in_any_case(platform: httpx.Client, asked: str) -> None:
    email = f"{uuid4().hex}.Une.Adresse+1@example.org"
    adviser_id = an_adviser(platform, email=email)

    answer = platform.get("/v1/advisers", params={"email": email.replace("Une.Adresse+1@example.org", asked)})

    assert _ids(answer) == [adviser_id]


def test_an_address_is_not_a_pattern(platform: httpx.Client) -> None:
    an_adviser(platform)

    answer = platform.get("/v1/advisers", params={"email": "%@example.org"})

    assert _ids(answer) == []


def test_contracts_are_filtered(platform: httpx.Client) -> None:
    adviser_id = an_adviser(platform)
    first = a_contract(platform, adviser_id)
    employer = {"siret": "35600000000048", "name": "La Poste", "legal_form": "public"}
    second = a_contract(platform, adviser_id, employer=employer)

    by_adviser = platform.get("/v1/contracts", params={"adviser_id": adviser_id})
    by_both = platform.get("/v1/contracts", params={"adviser_id": adviser_id, "siret": "35600000000048"})

    assert (_ids(by_adviser), _ids(by_both)) == (sorted([first, second]), [second])


def test_results_are_filtered(platform: httpx.Client) -> None:
    adviser_id = an_adviser(platform)
    made = [
        platform.post(
            "/v1/certifications",
            json={"adviser_id": adviser_id, "qualification": code, "outcome": outcome, "on": on},
        ).json()["id"]
        for code, outcome, on in (
            ("pix", "failed", "2024-09-12"),
            ("pix", "obtained", "2024-09-13"),
            ("remn-ccp1", "obtained", "2024-09-12"),
        )
    ]

    by_title = platform.get("/v1/certifications", params={"adviser_id": adviser_id, "qualification": "pix"})
    by_outcome = platform.get("/v1/certifications", params={"adviser_id": adviser_id, "outcome": "obtained"})

    assert (_ids(by_title), _ids(by_outcome)) == (made[:2], made[1:])


def _since(client: httpx.Client, adviser_id: str, instant: datetime) -> list[str]:
    params = {"adviser_id": adviser_id, "updated_since": instant.isoformat(), "limit": 1}
    return [line for page in _walk(client, "/v1/registrations", **params) for line in _ids(page)]


def test_what_changed_since_an_instant_is_listed_by_change(admin: httpx.Client, clock: FakeClock) -> None:
    adviser_id = an_adviser_in_post(admin)
    first, second = (register(admin, adviser_id, starts_on=day).json() for day in ("2026-09-08", "2026-10-06"))
    clock.now = MORNING + timedelta(hours=1)
    third = register(admin, adviser_id, starts_on="2026-11-10").json()
    clock.now = MORNING + timedelta(hours=2)
    post_action(admin, first, "cancellation")

    found = _since(admin, adviser_id, MORNING + timedelta(hours=1))

    # The cancellation promoted the second one in the same instant.
    assert found == [third["id"], *sorted([first["id"], second["id"]])]


def test_the_instant_itself_is_included(platform: httpx.Client) -> None:
    registration = accepted_registration(platform)
    instant = datetime.fromisoformat(registration["updated_at"])

    at, after = (
        _since(platform, registration["adviser_id"], since) for since in (instant, instant + timedelta(microseconds=1))
    )

    assert (at, after) == ([registration["id"]], [])


def test_an_instant_is_read_with_its_offset(platform: httpx.Client) -> None:
    registration = accepted_registration(platform)
    offset = datetime.fromisoformat("2026-06-15T10:30:00+02:00")

    found = _since(platform, registration["adviser_id"], offset)

    assert (offset.astimezone(UTC), found) == (MORNING, [registration["id"]])


def test_a_synchronisation_misses_no_concurrent_change(platform: httpx.Client, organisation: httpx.Client) -> None:
    """Lines that change while they are walked come again, none is lost."""
    adviser_id = an_adviser_in_post(platform)
    made = [register(platform, adviser_id, starts_on=f"2026-{month}-15").json() for month in ("07", "08", "09")]
    walk = _walk(
        organisation, "/v1/registrations", adviser_id=adviser_id, updated_since="2020-01-01T00:00:00Z", limit=1
    )
    seen = _ids(next(walk))

    post_action(platform, made[2], "cancellation")

    seen += [line for page in walk for line in _ids(page)]
    assert set(seen) >= {line["id"] for line in made}


def _changed_since(client: httpx.Client, since: str, **params: Any) -> dict[str, Any]:
    page: dict[str, Any] = client.get("/v1/advisers", params={"updated_since": since, **params}).json()
    return page


def _rename(client: httpx.Client, adviser_id: str) -> httpx.Response:
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    return client.patch(f"/v1/advisers/{adviser_id}", json={"last_name": uuid4().hex}, headers=headers)


def test_a_change_that_commits_late_is_found_from_the_watermark_of_the_reading_before(
    served: LiveServer, platform: httpx.Client, clock: FakeClock
) -> None:
    """Though what was read meanwhile bears a later instant."""
    clock.now = LONG_AGO
    late, quick = an_adviser(platform), an_adviser(platform)
    named = {
        "conum_id": ",".join(str(platform.get(f"/v1/advisers/{each}").json()["conum_id"]) for each in (late, quick))
    }
    clock.now = LONG_AGO + timedelta(hours=1)
    with ThreadPoolExecutor(1) as thread, _locked(served, late):
        committing = thread.submit(_rename, platform, late)
        _until_somebody_waits(served)
        clock.now = LONG_AGO + timedelta(hours=2)
        _rename(platform, quick).raise_for_status()
        before = _changed_since(platform, "2025-01-15T08:45:00Z", **named)
    committing.result().raise_for_status()

    last = before["data"][-1]["updated_at"]
    found = _changed_since(platform, before["pagination"]["watermark"], **named)

    assert [row["id"] for row in before["data"]] == [quick]
    assert before["pagination"]["watermark"] == "2025-01-15T09:30:00Z"
    assert [row["id"] for row in found["data"]] == [late, quick]
    assert [row["id"] for row in _changed_since(platform, last, **named)["data"]] == [quick]  # what was missed before


@contextmanager
def _locked(served: LiveServer, adviser_id: str) -> Generator[None]:
    """Somebody else holds the row as long as the block lasts."""
    psql = subprocess.Popen(
        [find_binaries(account_for_new_cluster()).folder / "psql", "-XqAt", "-d", served.database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert psql.stdin is not None
    assert psql.stdout is not None
    psql.stdin.write(f"BEGIN; SELECT 'held' FROM adviser WHERE id = '{adviser_id}' FOR UPDATE;\n")  # noqa: S608  # an id of ours
    psql.stdin.flush()
    assert psql.stdout.readline() == "held\n"
    try:
        yield
    finally:
        psql.communicate("ROLLBACK;\n")


def _until_somebody_waits(served: LiveServer) -> None:
    while run_sql(served.database_url, "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0":
        pass


def test_a_change_that_was_asked_for_too_long_ago_may_be_asked_for_again(own_service: LiveServer) -> None:
    """A watermark may have passed its instant: of a process that slept, or whose clock is late."""
    with own_service.client("platform") as client:
        own_service.service.database.has_real_clock = True
        own_service.clock.now = utc_now() - timedelta(minutes=1)
        late = client.post("/v1/advisers", json=adviser_body())
        own_service.clock.now = utc_now()

        expect_problem(late, 503, "unavailable")
        assert late.headers["Retry-After"] == "1"
        assert client.post("/v1/advisers", json=adviser_body()).status_code == 201


def test_the_watermark_is_that_of_the_first_page_of_a_walk(platform: httpx.Client, clock: FakeClock) -> None:
    clock.now = LONG_AGO
    adviser_id, _ = _several(platform)
    asked = {"adviser_id": adviser_id, "updated_since": "2020-01-01T00:00:00Z", "limit": 2}
    marks: list[str] = []

    for page in _walk(platform, "/v1/registrations", **asked):
        marks.append(page.json()["pagination"]["watermark"])
        clock.now += timedelta(minutes=1)

    assert marks == ["2025-01-15T08:29:30Z"] * 3


@pytest.mark.parametrize(
    "noun", ["advisers", "contracts", "certifications", "registrations", "modules", "training-organisations"]
)
def test_every_list_by_change_has_a_watermark_and_no_other_list_has(admin: httpx.Client, noun: str) -> None:
    by_change = admin.get(f"/v1/{noun}", params={"updated_since": "2026-01-01T00:00:00Z", "limit": 1}).json()
    by_id = admin.get(f"/v1/{noun}", params={"limit": 1}).json()

    assert by_change["pagination"]["watermark"].endswith("Z")
    assert by_id["pagination"].keys() == {"next"}


def test_a_walk_of_a_former_version_goes_on_and_is_complete_as_far_as_it_began(platform: httpx.Client) -> None:
    """Its cursors carry no watermark."""
    adviser_id, expected = _several(platform)
    filters = {"adviser_id": adviser_id, "updated_since": "2020-01-01T00:00:00Z"}
    client = uuid5(NAMESPACE_URL, f"urn:inscriptions:client:{Role.PLATFORM}")
    scope = ["/v1/registrations", str(client), sorted(filters.items())]
    seal = CursorSigner(PEPPER.secrets, orjson.dumps(scope))
    first = platform.get("/v1/registrations", params={**filters, "limit": 2}).json()
    _, *keys = seal.decode_values(first["pagination"]["next"])

    rest = platform.get("/v1/registrations", params={**filters, "cursor": seal.encode(keys)})

    assert _ids(rest) == sorted(expected)[2:]
    assert rest.json()["pagination"]["watermark"] == "2020-01-01T00:00:00Z"


async def test_many_readers_see_the_same_page(served: Any, platform: httpx.Client) -> None:
    adviser_id, expected = _several(platform)
    headers = {"Authorization": f"Bearer {served.keys['platform']}"}

    async with httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=30) as client:
        path = f"/v1/registrations?adviser_id={adviser_id}"
        answers = await asyncio.gather(*(client.get(path) for _ in range(30)))

    assert [_ids(answer) for answer in answers] == [expected] * 30


def test_an_organisation_s_filter_does_not_widen_its_sight(organisation: httpx.Client, platform: httpx.Client) -> None:
    mine = upcoming_registration(platform)

    answer = organisation.get("/v1/registrations", params={"adviser_id": mine["adviser_id"]})

    assert _ids(answer) == [mine["id"]]
