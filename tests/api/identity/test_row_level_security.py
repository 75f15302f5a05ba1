"""Every route forgets to filter by organisation, and still shows a training organisation its own only."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.api.administration import import_routes
from app.api.http.authorised_request import AuthorisedRequest
from tests.api.administration.import_runs import run_waiting_imports, sent_objects
from tests.api.registration_states import accepted_registration
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser
from tests.live_server import LiveServer


@pytest.fixture
def unfiltered_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Routes take every caller for one who may see everything; only the database remembers who reads."""
    monkeypatch.setattr(AuthorisedRequest, "owner", None)


def _certified(platform: httpx.Client) -> dict[str, Any]:
    result = {"adviser_id": an_adviser(platform), "qualification": "pix", "outcome": "obtained", "on": "2024-09-12"}
    certification: dict[str, Any] = platform.post("/v1/certifications", json=result).raise_for_status().json()
    return certification


FOREIGN_RESOURCES: dict[str, Callable[[httpx.Client], dict[str, Any]]] = {
    "/v1/registrations": accepted_registration,
    "/v1/certifications": _certified,
}


@pytest.mark.usefixtures("unfiltered_routes")
@pytest.mark.parametrize("path", FOREIGN_RESOURCES)
def test_what_belongs_to_others_is_neither_listed_nor_read(
    platform: httpx.Client, histya: httpx.Client, path: str
) -> None:
    foreign = FOREIGN_RESOURCES[path](platform)

    seen = platform.get(f"{path}/{foreign['id']}"), platform.get(path, params={"adviser_id": foreign["adviser_id"]})
    unseen = histya.get(f"{path}/{foreign['id']}"), histya.get(path, params={"adviser_id": foreign["adviser_id"]})

    assert [answer.status_code for answer in seen] == [200, 200]
    assert [row["id"] for row in seen[1].json()["data"]] == [foreign["id"]]
    assert [answer.status_code for answer in unseen] == [404, 200]
    assert unseen[1].json()["data"] == []


@pytest.mark.usefixtures("unfiltered_routes")
def test_nor_are_decisions(platform: httpx.Client, histya: httpx.Client) -> None:
    path = f"/v1/registrations/{accepted_registration(platform)['id']}/decisions"

    assert (platform.get(path).status_code, histya.get(path).status_code) == (200, 404)


@pytest.mark.usefixtures("unfiltered_routes")
@pytest.mark.parametrize("path", ["/v1/advisers/{}", "/v1/advisers?limit=500"])
def test_nor_are_persons(platform: httpx.Client, histya: httpx.Client, path: str) -> None:
    """Read with the contact data that an organisation never sees, so that the database refuses to read at all."""
    adviser = an_adviser(platform)

    answer = histya.get(path.format(adviser))

    expect_problem(answer, 500, "internal-error")
    assert "Camille" not in answer.text


def _anybody(_: AuthorisedRequest) -> None:
    """Whose imports are shown: everybody's."""


def test_nor_are_imports_and_their_rejected_lines(
    served: LiveServer, organisation: httpx.Client, histya: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Routes forget whose an import is; only the database remembers who reads."""
    monkeypatch.setattr(import_routes, "asker", _anybody)
    sent = sent_objects(organisation, "certifications", "{").raise_for_status().json()["id"]
    run_waiting_imports(served)
    paths = f"/v1/imports/{sent}", f"/v1/imports/{sent}/rejects"

    assert [organisation.get(path).status_code for path in paths] == [200, 200]
    assert [histya.get(path).status_code for path in paths] == [404, 404]
    assert sent not in histya.get("/v1/imports", params={"limit": 500}).raise_for_status().text
