"""The mailbox page of a development server: what it shows, and that it exists nowhere else."""

import re
from collections.abc import Generator

import httpx
import pytest

from tests.api.response_assertions import expect_problem
from tests.live_server import TLS_CONTEXT, LiveServer
from tests.outbox.emails.personal_links import over_quota_registration, personal_link_path


@pytest.fixture
def visitor(served: LiveServer) -> Generator[httpx.Client]:
    """A browser without an API key."""
    with httpx.Client(base_url=served.base_url, timeout=30, verify=TLS_CONTEXT) as client:
        yield client


@pytest.fixture
def without_mailbox(served: LiveServer) -> Generator[None]:
    """A service that sends its e-mails."""
    served.service.has_mailbox = False
    yield
    served.service.has_mailbox = True


def _message_of(visitor: httpx.Client, platform: httpx.Client) -> str:
    """The path of a new e-mail; reading the feed has its event sequenced."""
    over_quota_registration(platform)
    platform.get("/v1/events", params={"after": "now"}).raise_for_status()
    found = re.search(r'href="(/mailbox/[^"]+)">À vous de choisir', visitor.get("/mailbox").text)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("without_mailbox")
def test_it_is_closed_where_messages_are_sent(
    visitor: httpx.Client, served: LiveServer, platform: httpx.Client
) -> None:
    served.service.has_mailbox = True
    path = _message_of(visitor, platform)
    served.service.has_mailbox = False

    for closed in ("/mailbox", path, f"{path}/html"):
        expect_problem(visitor.get(closed), 404, "not-found")


def test_a_message_is_read_as_it_looks_and_as_plain_text(visitor: httpx.Client, platform: httpx.Client) -> None:
    path = _message_of(visitor, platform)

    page, letter = visitor.get(path), visitor.get(f"{path}/html")

    assert "CE QU’IL FAUT FAIRE" in page.text
    assert "<h2>Ce qu’il faut faire</h2>" in letter.text
    assert "/answer/" in page.text
    assert "/answer/" in letter.text
    assert page.headers["Cache-Control"] == letter.headers["Cache-Control"] == "no-store"
    assert "sandbox" in letter.headers["Content-Security-Policy"]
    assert "default-src 'none'" in letter.headers["Content-Security-Policy"]


def test_it_asks_for_the_answer_of_the_decision(visitor: httpx.Client, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)
    platform.get("/v1/events", params={"after": "now"}).raise_for_status()
    (path,) = set(re.findall(r'href="(/mailbox/[^"]+)">À vous de choisir', visitor.get("/mailbox").text)[:1])

    assert personal_link_path(waiting) in visitor.get(path).text


@pytest.mark.parametrize("name", ["3f0c2a6e-5b1d-4a3c-9e7f-0d2b8c6a4e10", "nothing"])
def test_a_message_that_is_not_there_is_not_found(visitor: httpx.Client, name: str) -> None:
    expect_problem(visitor.get(f"/mailbox/{name}"), 404, "not-found")
    expect_problem(visitor.get(f"/mailbox/{name}/html"), 404, "not-found")
