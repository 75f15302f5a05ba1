"""What a query gets wrong: refused by name, never ignored."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.openapi.contract_requests import operations
from tests.api.registration_states import accepted_registration, waiting_registration
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser, an_adviser_in_post, register

AN_ID = UUID("3f0c2a6e-5b1d-4a3c-9e7f-0d2b8c6a4e10")  # one for all runs: it names tests

PLACE = re.compile(r"\{[a-z_]+\}")
LISTS = ("registrations", "advisers", "contracts", "certifications")


def _named(answer: httpx.Response) -> list[str]:
    return [error["pointer"] for error in expect_problem(answer, 400, "invalid-parameter")["errors"]]


@pytest.mark.parametrize("name", ["couleur", "Limit", "limit ", "filter[status]", "", "\x00", "é"])
@pytest.mark.parametrize("noun", [*LISTS, "modules", "training-organisations", "qualifications"])
def test_an_unknown_parameter_is_named(admin: httpx.Client, noun: str, name: str) -> None:
    answer = admin.get(f"/v1/{noun}", params={name: "1"})

    # A control character is shown, never repeated.
    assert _named(answer) == [f"/{name}".replace("\x00", "\ufffd")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/modules/cafe-ia"),
        ("POST", "/v1/registrations/preview"),
        ("POST", "/v1/advisers"),
        ("PUT", f"/v1/advisers/{AN_ID}"),
        ("GET", f"/v1/registrations/{AN_ID}/decisions"),
    ],
)
def test_an_unknown_parameter_is_named_everywhere(admin: httpx.Client, method: str, path: str) -> None:
    answer = admin.request(method, path, params={"dry_run": "true"}, json={} if method != "GET" else None)

    assert _named(answer) == ["/dry_run"]


@pytest.mark.parametrize("limit", ["0", "-1", "501", "abc", "", "1.5", "1e2", "9" * 30, "٣"])
@pytest.mark.parametrize("noun", LISTS)
def test_a_limit_is_from_1_to_500(admin: httpx.Client, noun: str, limit: str) -> None:
    answer = admin.get(f"/v1/{noun}", params={"limit": limit})

    assert _named(answer) == ["/limit"]


@pytest.mark.parametrize("noun", LISTS)
def test_the_largest_limit_is_read(admin: httpx.Client, noun: str) -> None:
    answer = admin.get(f"/v1/{noun}", params={"limit": 500})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("noun", "name", "value"),
    [
        ("registrations", "adviser_id", "1"),
        ("registrations", "adviser_id", ""),
        ("registrations", "training_organisation_id", "la-mednum"),
        ("registrations", "status", "Accepted"),
        ("registrations", "status", "accepted,refused"),
        ("registrations", "status", ""),
        ("registrations", "module_code", "Café IA"),
        ("registrations", "module_code", "\x00"),
        ("registrations", "module_code", "a" * 61),
        ("registrations", "ids", ""),
        ("registrations", "ids", "1"),
        ("registrations", "ids", f"{AN_ID},"),
        ("registrations", "ids", f"{AN_ID};{AN_ID}"),
        ("advisers", "conum_id", "abc"),
        ("advisers", "conum_id", ""),
        ("advisers", "conum_id", "1,,2"),
        ("advisers", "conum_id", "-1"),
        ("advisers", "conum_id", "9" * 19),
        ("advisers", "conum_id", "٣"),
        ("advisers", "email", ""),
        ("advisers", "email", "\x00"),
        ("advisers", "email", "a" * 255),
        ("advisers", "email", "pasunmail"),
        ("advisers", "email", "jean@example"),
        ("advisers", "email", "jean x@example.org"),
        ("advisers", "conum_id", "0"),
        ("contracts", "adviser_id", "x"),
        ("contracts", "siret", "123"),
        ("contracts", "siret", "2135023880001A"),
        ("contracts", "siret", "٢١٣٥٠٢٣٨٨٠٠٠١٩"),
        ("contracts", "siret", "213502388"),  # the SIREN
        ("contracts", "siret", "21350238800018"),  # another key
        ("contracts", "siret", ""),
        ("certifications", "adviser_id", "x"),
        ("certifications", "qualification", "REMN"),
        ("certifications", "outcome", "passed"),
        ("certifications/due", "status", "late"),
        ("obligations", "status", "overdue"),
        ("obligations", "year", "26"),
        ("messages", "adviser_id", "x"),
        ("messages", "adviser_id", f"{{{AN_ID}}}"),
        ("messages", "status", "sent"),
        ("audit-log", "actor", "x"),
        ("audit-log", "subject_id", "x"),
        ("audit-log", "action", "GET /v1/advisers"),
        ("audit-log", "since", "hier"),
        ("api-keys", "client_id", "x"),
        ("events", "types", "registration"),
        ("statistics", "from", "2026"),
        ("statistics", "group_by", "quarter"),
        ("statistics", "measures", "mean"),
    ],
)
def test_an_invalid_filter_is_named(admin: httpx.Client, noun: str, name: str, value: str) -> None:
    answer = admin.get(f"/v1/{noun}", params={name: value})

    assert _named(answer) == [f"/{name}"]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"type": "registration.lost"}, "type"),
        ({"type": "registration.*"}, "type"),
        ({"state": "sent"}, "state"),
        ({"event_id": "x"}, "event_id"),
        ({"since": "hier"}, "since"),
        ({"since": ""}, "since"),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
    ],
)
def test_an_invalid_filter_of_deliveries_is_named(admin: httpx.Client, asked: dict[str, str], name: str) -> None:
    answer = admin.get(f"/v1/webhook-endpoints/{AN_ID}/deliveries", params=asked)

    assert _named(answer) == [f"/{name}"]


@pytest.mark.parametrize("asked", ["a+b@example.org", "a b@example.org"])
def test_a_plus_that_was_not_encoded_is_said(admin: httpx.Client, asked: str) -> None:
    """It arrives as a space, and no address has one."""
    answer = admin.get(f"/v1/advisers?email={asked}")

    assert "%2B" in expect_problem(answer, 400, "invalid-parameter")["detail"]


@pytest.mark.parametrize("siret", ["21350238800019", "213 502 388 00019", "0839540", "0839540001"])
def test_an_establishment_is_found_however_its_number_is_written(admin: httpx.Client, siret: str) -> None:
    assert admin.get("/v1/contracts", params={"siret": siret, "limit": 1}).status_code == 200


def test_no_filter_of_any_list_takes_a_value_of_another_form(admin: httpx.Client) -> None:
    """Every parameter of the contract."""
    asked = [(operation, item) for operation in operations() for item in operation.definition["parameters"]]
    parameters = [(operation, item["name"]) for operation, item in asked if item["in"] == "query"]

    answers = [
        admin.request(operation.method, PLACE.sub(str(AN_ID), operation.path), params={name: "Rien d’ici"})
        for operation, name in parameters
    ]

    taken = {
        name for (_, name), answer in zip(parameters, answers, strict=True) if answer.status_code not in {400, 404}
    }
    assert len(parameters) > 50
    assert taken == {"reference", "session_reference"}  # as organisations wrote them


@pytest.mark.parametrize(
    "since",
    [
        "",
        "hier",
        "2026-01-31",
        "2026-01-31T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T00:00:00+25:00",
        "1767225600",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        "\x00",
        "2026-W05-6T00:00:00Z",
        "20260131T000000Z",
    ],
)
def test_an_instant_has_its_offset(admin: httpx.Client, since: str) -> None:
    answer = admin.get("/v1/registrations", params={"updated_since": since})

    assert _named(answer) == ["/updated_since"]


@pytest.mark.parametrize(
    "since",
    ["2026-01-31T00:00:00Z", "2026-01-31T00:00:00.123456Z", "2026-01-31T01:00:00+01:00", "0001-01-01T00:00:00Z"],
)
def test_an_instant_of_rfc_3339_is_read(admin: httpx.Client, since: str) -> None:
    answer = admin.get("/v1/registrations", params={"updated_since": since, "limit": 1})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "day",
    ["", "hier", "2025-02-30", "2025-5-1", "20250501", "2025-05-01T00:00:00Z", "2025-W01-1", "2025-001", "0001-01-01"],
)
def test_the_day_of_a_record_is_a_day(platform: httpx.Client, day: str) -> None:
    answer = platform.get(f"/v1/advisers/{an_adviser(platform)}/training-record", params={"on": day})

    assert _named(answer) == ["/on"]


@pytest.mark.parametrize("day", ["1950-01-01", "2020-12-31", "2099-12-31"])
def test_a_record_is_shown_on_any_day(admin: httpx.Client, day: str) -> None:
    adviser_id = waiting_registration(admin)["adviser_id"]

    answer = admin.get(f"/v1/advisers/{adviser_id}/training-record", params={"on": day, "history": "true"})

    assert (answer.status_code, answer.json()["on"]) == (200, day)


@pytest.mark.parametrize("flag", ["", "2", "oui", "null"])
def test_history_is_yes_or_no(platform: httpx.Client, flag: str) -> None:
    answer = platform.get(f"/v1/advisers/{an_adviser(platform)}/training-record", params={"history": flag})

    assert _named(answer) == ["/history"]


@pytest.mark.parametrize(
    ("noun", "name", "values"),
    [
        ("registrations", "status", ["accepted", "refused"]),
        ("registrations", "adviser_id", [str(AN_ID), str(AN_ID)]),
        ("advisers", "conum_id", ["1", "2"]),
        ("registrations", "limit", ["1", "2"]),
    ],
)
def test_a_parameter_given_twice_is_not_half_read(admin: httpx.Client, noun: str, name: str, values: list[str]) -> None:
    answer = admin.get(f"/v1/{noun}", params={name: values})

    assert _named(answer) == [f"/{name}"]


def _cursor(client: httpx.Client, path: str = "/v1/registrations", **params: Any) -> str:
    """The cursor of a list that has a second page."""
    adviser_id = an_adviser_in_post(client)
    for month in ("05", "06"):
        register(client, adviser_id, starts_on=f"2025-{month}-13")
    found = client.get(path, params={"limit": 1, **params}).json()
    return str(found["pagination"]["next"])


@pytest.mark.parametrize(
    "cursor", ["", "a", "x" * 40, "é", "\x00", "=", "====", "../..", "null", "bm90IGEgY3Vyc29yIGF0IGFsbA"]
)
@pytest.mark.parametrize("noun", LISTS)
def test_an_invented_cursor_is_refused(admin: httpx.Client, noun: str, cursor: str) -> None:
    answer = admin.get(f"/v1/{noun}", params={"cursor": cursor})

    expect_problem(answer, 400, "invalid-cursor")


def test_an_endless_cursor_is_refused(admin: httpx.Client) -> None:
    answer = admin.get("/v1/registrations", params={"cursor": "A" * 601})

    assert answer.status_code == 400


def test_a_cursor_of_another_list_is_refused(platform: httpx.Client) -> None:
    cursor = _cursor(platform)

    answer = platform.get("/v1/advisers", params={"cursor": cursor})

    expect_problem(answer, 400, "invalid-cursor")


@pytest.mark.parametrize(
    "filters", [{"status": "accepted"}, {"updated_since": "2020-01-01T00:00:00Z"}, {"module_code": "cafe-ia"}]
)
def test_a_cursor_of_other_filters_is_refused(platform: httpx.Client, filters: dict[str, str]) -> None:
    cursor = _cursor(platform)

    answer = platform.get("/v1/registrations", params={"cursor": cursor, **filters})

    expect_problem(answer, 400, "invalid-cursor")


def test_a_cursor_of_another_client_is_refused(platform: httpx.Client, other_platform: httpx.Client) -> None:
    cursor = _cursor(platform)

    answer = other_platform.get("/v1/registrations", params={"cursor": cursor})

    expect_problem(answer, 400, "invalid-cursor")


def test_a_touched_cursor_is_refused(platform: httpx.Client) -> None:
    cursor = _cursor(platform)
    touched = cursor[:30] + ("A" if cursor[30] != "A" else "B") + cursor[31:]

    answer = platform.get("/v1/registrations", params={"cursor": touched})

    expect_problem(answer, 400, "invalid-cursor")


def test_a_cursor_goes_with_another_limit(platform: httpx.Client) -> None:
    cursor = _cursor(platform)

    answer = platform.get("/v1/registrations", params={"cursor": cursor, "limit": 2})

    assert answer.status_code == 200


def test_a_parameter_is_read_before_what_it_selects(platform: httpx.Client) -> None:
    answer = platform.get(f"/v1/registrations/{accepted_registration(platform)['id']}", params={"fields": "id"})

    assert _named(answer) == ["/fields"]
