"""Bodies that nobody would write: whatever is sent, the mistake is the caller's and is said as a problem."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.http.test_response_schemas import MODULE, ORGANISATION
from tests.api.registration_states import (
    accepted_registration,
    initial_training_registration,
    refused_registration,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import PROBLEM_MEDIA_TYPE
from tests.http_builders import a_contract, adviser_body, an_adviser_in_post, contract_body, registration_body
from tests.live_server import LiveServer, idempotency_headers

Path = tuple[str | int, ...]
Request = tuple[str, str, Any]
"""Method, path and a valid body."""

ODD = st.sampled_from(
    [
        "\x00",
        "\ud83e",
        "2025-02-30",
        "9999-12-31",
        "0198b7a0-0000-7000-8000-000000000000",
        "a" * 3_000,
        "civil_year:٢٠٢٥",
        "' OR 1=1 --",
        "$1",
        "{}",
        "%s",
        10**400,
        2**63,
        -1,
        0,
        1e308,
        1.5,
        True,
        None,
    ]
)
VALUES = st.recursive(
    st.one_of(ODD, st.text(max_size=20), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)
NAMES = st.one_of(
    st.text(max_size=12), st.sampled_from(["id", "version", "status", "\x00", "__proto__", "a/b~c", "\ud83e"])
)


def _places(value: Any, here: Path = ()) -> Iterator[Path]:
    """Where a value stands in a body, the body itself first."""
    yield here
    if isinstance(value, dict):
        for name, item in value.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
            yield from _places(item, (*here, str(name)))  # pyright: ignore[reportUnknownArgumentType]  # JSON
    elif isinstance(value, list):
        for place, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON
            yield from _places(item, (*here, place))


@st.composite
def mutated(draw: st.DrawFn, body: Any) -> Any:
    """The body with something dropped, replaced or added at one place."""
    copy = json.loads(json.dumps(body))
    place = draw(st.sampled_from([*_places(copy)]))
    if not place:
        return draw(VALUES) if draw(st.booleans()) else {**copy, draw(NAMES): draw(VALUES)}
    holder = copy
    for name in place[:-1]:
        holder = holder[name]
    match draw(st.sampled_from(["drop", "replace", "replace", "add"])):
        case "drop":
            del holder[place[-1]]
        case "add" if isinstance(holder, dict):
            holder[draw(NAMES)] = draw(VALUES)
        case _:
            holder[place[-1]] = draw(VALUES)
    return copy


@pytest.fixture(scope="module")
def requests(served: LiveServer) -> list[Request]:
    """One valid request for each operation that takes a body."""
    with served.client("admin") as client:
        adviser_id = an_adviser_in_post(client)
        of = {
            make.__name__.partition("_")[0]: make(client)["id"]
            for make in (
                accepted_registration,
                refused_registration,
                upcoming_registration,
                waiting_registration,
                initial_training_registration,
            )
        }
        contract_id = a_contract(client, adviser_id)
    act = "/v1/registrations"
    return [
        ("POST", act, registration_body(adviser_id)),
        ("POST", f"{act}/preview", registration_body(adviser_id)),
        ("POST", f"{act}/{of['waiting']}/choice", {"choice": "keep", "payer": "self"}),
        ("POST", f"{act}/{of['refused']}/re-examination", {"employer_agreement": True}),
        ("POST", f"{act}/{of['upcoming']}/cancellation", {"cancelled_on": "2026-09-16", "motive": "Indisponible"}),
        ("POST", f"{act}/{of['accepted']}/attendance", {"outcome": "completed", "motive": None}),
        ("POST", f"{act}/{of['initial']}/positioning-test", {"taken_on": "2025-05-01", "hours": 175}),
        ("PATCH", f"{act}/{of['refused']}", {"session": {"starts_on": "2026-09-15", "place": "Rennes"}}),
        ("POST", "/v1/advisers", adviser_body()),
        ("PUT", f"/v1/advisers/{uuid4()}", adviser_body()),
        ("PATCH", f"/v1/advisers/{adviser_id}", {"email": None, "initial_training": {"entered_on": "2022-03-14"}}),
        (
            "POST",
            f"/v1/advisers/{adviser_id}/carry-overs",
            {"bucket": "civil_year:2025", "units": 1, "motive": "Congé"},
        ),
        ("POST", "/v1/contracts", contract_body(adviser_id)),
        ("PUT", f"/v1/contracts/{uuid4()}", contract_body(adviser_id)),
        ("PATCH", f"/v1/contracts/{contract_id}", {"employer": {"name": "Ville"}, "terminated_on": "2030-01-01"}),
        ("PUT", f"/v1/modules/m-{uuid4()}", MODULE),
        ("PUT", f"/v1/training-organisations/{uuid4()}", ORGANISATION),
        (
            "POST",
            "/v1/certifications",
            {"adviser_id": adviser_id, "qualification": "pix", "outcome": "failed", "on": "2024-09-12"},
        ),
        (
            "POST",
            "/v1/certifications/batch",
            {"data": [{"adviser_id": adviser_id, "qualification": "pix", "outcome": "failed", "on": "2024-09-13"}]},
        ),
        ("POST", f"/v1/certifications/{uuid4()}/annulment", {"motive": "Erreur de saisie"}),
    ]


@settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_body_is_a_mistake_of_the_service(admin: httpx.Client, requests: list[Request], data: st.DataObject) -> None:
    method, path, body = data.draw(st.sampled_from(requests))
    content = json.dumps(data.draw(mutated(body))).encode()

    answer = admin.request(
        method,
        path,
        content=content,
        headers=idempotency_headers() | {"If-Match": "*", "Content-Type": "application/json"},
    )

    assert answer.status_code < 500, (method, path, content)
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == PROBLEM_MEDIA_TYPE
        assert answer.json()["code"]
