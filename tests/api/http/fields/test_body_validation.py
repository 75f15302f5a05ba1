"""What a body gets wrong, field by field: the JSON pointer and the code of each mistake."""

import json
from itertools import combinations
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.http.test_response_schemas import MODULE, ORGANISATION
from tests.api.registration_states import (
    UPCOMING_DAY,
    accepted_registration,
    initial_training_registration,
    post_action,
    reschedule,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import expect_problem, expect_wrong_fields
from tests.http_builders import (
    SIRET,
    adviser_body,
    an_adviser,
    an_adviser_in_post,
    contract_body,
    policy_body,
    registration_body,
)
from tests.live_server import idempotency_headers

Body = dict[str, Any]
NOBODY = "0198b7a0-0000-7000-8000-000000000000"

NO_DATES: list[Any] = [
    "2025-02-30",
    "2025-13-01",
    "2025-5-1",
    "20250501",
    "01/05/2025",
    "2025-05-01T00:00:00Z",
    "2025-05-01 ",
    " 2025-05-01",
    "2025-W01-1",
    "٢٠٢٥-٠٥-٠١",
    "10000-01-01",
    "0000-01-01",
    "",
    20250501,
    1746057600.5,
    True,
    [],
    {},
]
IMPLAUSIBLE_DATES = ["0001-01-01", "1949-12-31", "2100-01-01", "9999-12-31"]
NO_TEXTS: list[Any] = [1, 1.5, True, ["a"], {"a": 1}]
NO_BOOLEANS: list[Any] = [1, 0, "true", "false", "oui", None, [], {}]
NO_UUIDS: list[Any] = ["", "1", "not-a-uuid", NOBODY[:-1], NOBODY + "0", 1, True, [], {}, "\x00"]
HOSTILE = ["\x00", "a\x00b", "\x1b[31m", "\ud83e", "a\udc00", "   ", ""]


def _with(body: Body, pointer: str, value: Any) -> Body:
    """The body with another value at the pointer."""
    name, _, rest = pointer.removeprefix("/").partition("/")
    return {**body, name: _with(body.get(name) or {}, f"/{rest}", value) if rest else value}


def _without(body: Body, pointer: str) -> Body:
    name, _, rest = pointer.removeprefix("/").partition("/")
    if rest:
        return {**body, name: _without(body[name], f"/{rest}")}
    return {other: value for other, value in body.items() if other != name}


def _sent(client: httpx.Client, method: str, path: str, body: Body) -> httpx.Response:
    """In ASCII, which can write half of a surrogate pair."""
    headers = idempotency_headers() | {"Content-Type": "application/json"}
    return client.request(method, path, content=json.dumps(body).encode(), headers=headers)


def put_adviser(client: httpx.Client, pointer: str, value: Any) -> httpx.Response:
    return _sent(client, "PUT", f"/v1/advisers/{uuid4()}", _with(adviser_body(), pointer, value))


def put_contract(client: httpx.Client, pointer: str, value: Any) -> httpx.Response:
    body = contract_body(an_adviser(client), type="CDD", ends_on="2030-01-01")
    return _sent(client, "PUT", f"/v1/contracts/{uuid4()}", _with(body, pointer, value))


def post_registration(client: httpx.Client, pointer: str, value: Any) -> httpx.Response:
    return _sent(client, "POST", "/v1/registrations", _with(registration_body(an_adviser(client)), pointer, value))


def _date_case(sender: Any, *pointers: str) -> list[Any]:
    return [pytest.param(sender, pointer, id=pointer) for pointer in pointers]


DATES = [
    *_date_case(post_registration, "/requested_on", "/session/starts_on", "/session/ends_on"),
    *_date_case(put_adviser, "/initial_training/entered_on", "/initial_training/ended_on"),
    *_date_case(put_contract, "/starts_on", "/ends_on", "/terminated_on", "/administrative_file/validated_on"),
]


@pytest.mark.parametrize(("send", "pointer"), DATES)
@pytest.mark.parametrize("value", NO_DATES, ids=str)
def test_a_date_is_a_day_of_the_calendar(platform: httpx.Client, send: Any, pointer: str, value: Any) -> None:
    answer = send(platform, pointer, value)

    assert expect_wrong_fields(answer) == {pointer: "invalid-date"}


@pytest.mark.parametrize(("send", "pointer"), DATES)
@pytest.mark.parametrize("value", IMPLAUSIBLE_DATES)
def test_a_date_is_of_our_time(platform: httpx.Client, send: Any, pointer: str, value: str) -> None:
    answer = send(platform, pointer, value)

    assert expect_wrong_fields(answer) == {pointer: "date-range"}


@pytest.mark.parametrize(
    ("send", "pointer"),
    [
        (post_registration, "/session/starts_on"),
        (post_registration, "/session/ends_on"),
        (post_registration, "/session/format"),
        (post_registration, "/session"),
        (post_registration, "/adviser_id"),
        (post_registration, "/module_code"),
        (put_adviser, "/initial_training/entered_on"),
        (put_adviser, "/in_scheme"),
        (put_contract, "/starts_on"),
        (put_contract, "/type"),
        (put_contract, "/adviser_id"),
        (put_contract, "/employer"),
        (put_contract, "/employer/siret"),
        (put_contract, "/employer/name"),
        (put_contract, "/employer/legal_form"),
        (put_contract, "/employer/aidants_connect_accredited"),
    ],
)
def test_what_is_required_is_not_null(platform: httpx.Client, send: Any, pointer: str) -> None:
    answer = send(platform, pointer, None)

    assert [*expect_wrong_fields(answer)] == [pointer]


REGISTRATION_FIELDS = [
    "/adviser_id",
    "/module_code",
    "/training_organisation_id",
    "/session",
    "/session/starts_on",
    "/session/ends_on",
    "/session/format",
]


@pytest.mark.parametrize("pointer", REGISTRATION_FIELDS)
@pytest.mark.parametrize("path", ["/v1/registrations", "/v1/registrations/preview"])
def test_a_missing_field_of_a_demand_is_named(platform: httpx.Client, path: str, pointer: str) -> None:
    body = _without(registration_body(an_adviser(platform)), pointer)

    answer = platform.post(path, json=body, headers=idempotency_headers())

    assert expect_wrong_fields(answer) == {pointer: "missing"}


@pytest.mark.parametrize("pointer", ["/adviser_id", "/type", "/starts_on", "/employer", "/employer/siret"])
def test_a_missing_field_of_a_contract_is_named(platform: httpx.Client, pointer: str) -> None:
    body = _without(contract_body(an_adviser(platform)), pointer)

    answer = platform.post("/v1/contracts", json=body)

    assert expect_wrong_fields(answer) == {pointer: "missing"}


def test_every_mistake_is_said_at_once(platform: httpx.Client) -> None:
    body = {"module_code": "É", "session": {"starts_on": "demain", "ends_on": "2025-02-30"}, "couleur": "bleu"}

    answer = platform.post("/v1/registrations", json=body, headers=idempotency_headers())

    assert expect_wrong_fields(answer).keys() == {
        "/adviser_id",
        "/module_code",
        "/session/starts_on",
        "/session/ends_on",
        "/session/format",
        "/couleur",
    }


@pytest.mark.parametrize(
    ("send", "pointer"),
    [
        (post_registration, "/couleur"),
        (post_registration, "/session/salle"),
        (post_registration, "/status"),
        (put_adviser, "/phone"),
        (put_adviser, "/version"),
        (put_adviser, "/initial_training/hours"),
        (put_contract, "/employer/city"),
        (put_contract, "/administrative_file/status"),
    ],
)
def test_an_unknown_field_is_named(platform: httpx.Client, send: Any, pointer: str) -> None:
    answer = send(platform, pointer, "bleu")

    assert expect_wrong_fields(answer) == {pointer: "unknown-field"}


@pytest.mark.parametrize(
    ("name", "pointer"), [("a/b", "/a~1b"), ("a~b", "/a~0b"), ("", "/"), ("é 🦊", "/é 🦊"), ("\x00", "/\ufffd")]
)
def test_a_pointer_is_escaped(platform: httpx.Client, name: str, pointer: str) -> None:
    answer = platform.post("/v1/advisers", json={name: 1})

    assert expect_wrong_fields(answer) == {pointer: "unknown-field"}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_name_that_is_no_text_is_a_mistake_of_the_caller(platform: httpx.Client, method: str) -> None:
    """Half of a surrogate pair: JSON can write it, UTF-8 can't."""
    path = "/v1/advisers" if method == "POST" else f"/v1/advisers/{an_adviser(platform)}"
    headers = {"Content-Type": "application/json", "If-Match": "*"}

    answer = platform.request(method, path, content=rb'{"\ud83e": 1}', headers=headers)

    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"malformed-json", "validation-error"}


@pytest.mark.parametrize(
    ("send", "pointer"),
    [
        (post_registration, "/session/place"),
        (post_registration, "/session/reference"),
        (post_registration, "/module_code"),
        (put_adviser, "/first_name"),
        (put_adviser, "/last_name"),
        (put_adviser, "/email"),
        (put_adviser, "/department"),
        (put_contract, "/termination_motive"),
        (put_contract, "/employer/name"),
        (put_contract, "/employer/siret"),
        (put_contract, "/employer/contact_email"),
        (put_contract, "/administrative_file/ds_file_number"),
    ],
)
@pytest.mark.parametrize("value", [*NO_TEXTS, *HOSTILE], ids=repr)
def test_a_text_is_a_text_one_can_print(platform: httpx.Client, send: Any, pointer: str, value: Any) -> None:
    answer = send(platform, pointer, value)

    assert [*expect_wrong_fields(answer)] == [pointer]


@pytest.mark.parametrize(
    ("send", "pointer", "longest"),
    [
        (put_adviser, "/first_name", 200),
        (put_adviser, "/last_name", 200),
        (put_adviser, "/email", 254),
        (post_registration, "/module_code", 60),
        (post_registration, "/session/place", 200),
        (post_registration, "/session/reference", 100),
        (put_contract, "/employer/name", 200),
        (put_contract, "/termination_motive", 2000),
        (put_contract, "/administrative_file/ds_file_number", 100),
    ],
)
def test_a_text_has_an_end(platform: httpx.Client, send: Any, pointer: str, longest: int) -> None:
    text = "a" * (longest - 11) + "@example.org" if pointer == "/email" else "a" * (longest + 1)

    answer = send(platform, pointer, text)

    assert expect_wrong_fields(answer) == {pointer: "too-long"}


def test_a_text_of_a_megabyte_is_refused(platform: httpx.Client) -> None:
    answer = put_adviser(platform, "/last_name", "a" * 1024 * 1024)

    expect_problem(answer, 413, "payload-too-large")


@pytest.mark.parametrize("name", ["O’Brien-Núñez", "محمد", "עברית", "李小龍", "🦊 Renard", "Ève", "Le\nGall", "'; --"])
def test_a_name_of_any_script_comes_back_as_it_came(platform: httpx.Client, name: str) -> None:
    answer = put_adviser(platform, "/last_name", name)

    assert answer.status_code == 201
    assert platform.get(answer.headers["Location"]).json()["last_name"] == name


NBSP, ZWSP, SHY, LRM, RLO, BOM = "\u00a0", "\u200b", "\u00ad", "\u200e", "\u202e", "\ufeff"
FREE_TEXTS = [
    (put_adviser, "/first_name"),
    (put_adviser, "/last_name"),
    (put_contract, "/termination_motive"),
    (put_contract, "/employer/name"),
]


@pytest.mark.parametrize(("send", "pointer"), FREE_TEXTS)
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f" {NBSP}Hélène{NBSP}\n", "Hélène"),
        ("He\u0301le\u0300ne", "Hélène"),
        (f"{BOM}Hé{ZWSP}lè{SHY}ne{LRM}", "Hélène"),
        (f"{RLO}Fedora", "Fedora"),
    ],
)
def test_a_text_is_kept_as_it_was_meant(
    platform: httpx.Client, send: Any, pointer: str, written: str, kept: str
) -> None:
    answer = send(platform, pointer, written)

    assert answer.status_code == 201
    body = answer.json()
    for name in pointer.removeprefix("/").split("/"):
        body = body[name]
    assert body == kept


def test_where_a_session_is_held_is_kept_as_it_was_meant(admin: httpx.Client) -> None:
    session = {"starts_on": UPCOMING_DAY, "ends_on": UPCOMING_DAY, "format": "on_site"}

    registration = upcoming_registration(
        admin, session={**session, "place": f"Ren{ZWSP}nes ", "reference": f"{LRM}S-12"}
    )

    assert (registration["session"]["place"], registration["session"]["reference"]) == ("Rennes", "S-12")


@pytest.mark.parametrize(
    ("send", "pointer"),
    [
        *FREE_TEXTS,
        (put_adviser, "/email"),
        (put_contract, "/employer/siret"),
        (put_contract, "/administrative_file/ds_file_number"),
    ],
)
def test_a_character_that_was_lost_on_the_way_is_said(platform: httpx.Client, send: Any, pointer: str) -> None:
    answer = send(platform, pointer, "H\ufffdl\ufffdne@example.org")

    assert expect_wrong_fields(answer) == {pointer: "unreadable-character"}


@pytest.mark.parametrize(
    ("send", "pointer"),
    [
        (post_registration, "/employer_agreement"),
        (put_adviser, "/in_scheme"),
        (put_contract, "/employer/aidants_connect_accredited"),
    ],
)
@pytest.mark.parametrize("value", NO_BOOLEANS, ids=repr)
def test_a_boolean_is_true_or_false(platform: httpx.Client, send: Any, pointer: str, value: Any) -> None:
    answer = send(platform, pointer, value)

    assert expect_wrong_fields(answer) == {pointer: "invalid-type"}


@pytest.mark.parametrize(
    ("send", "pointer"),
    [
        (post_registration, "/adviser_id"),
        (post_registration, "/training_organisation_id"),
        (put_contract, "/adviser_id"),
        (put_contract, "/renews_contract_id"),
    ],
)
@pytest.mark.parametrize("value", NO_UUIDS, ids=repr)
def test_an_identifier_is_a_uuid(platform: httpx.Client, send: Any, pointer: str, value: Any) -> None:
    answer = send(platform, pointer, value)

    assert expect_wrong_fields(answer) == {pointer: "invalid-uuid"}


@pytest.mark.parametrize(
    ("send", "pointer", "value"),
    [
        (post_registration, "/session/format", "Remote"),
        (post_registration, "/session/format", "onsite"),
        (post_registration, "/session/format", 1),
        (put_contract, "/type", "cdi"),
        (put_contract, "/type", "Contrat"),
        (put_contract, "/employer/legal_form", "publique"),
        (put_contract, "/employer/legal_form", []),
    ],
)
def test_a_word_of_a_list_is_one_of_the_list(platform: httpx.Client, send: Any, pointer: str, value: Any) -> None:
    answer = send(platform, pointer, value)

    assert expect_wrong_fields(answer) == {pointer: "not-one-of"}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "out-of-range"),
        (-1, "out-of-range"),
        (2**53, "out-of-range"),
        (2**63, "out-of-range"),
        (10**30, "out-of-range"),
        (1.0, "invalid-type"),
        (1.5, "invalid-type"),
        ("12345", "invalid-type"),
        (True, "invalid-type"),
        ([], "invalid-type"),
    ],
)
def test_a_conum_id_is_a_positive_integer(platform: httpx.Client, value: Any, code: str) -> None:
    answer = put_adviser(platform, "/conum_id", value)

    assert expect_wrong_fields(answer) == {"/conum_id": code}


def test_the_largest_conum_id_is_kept_exact(platform: httpx.Client) -> None:
    answer = put_adviser(platform, "/conum_id", 2**53 - 1)

    assert answer.json()["conum_id"] == 2**53 - 1
    assert platform.get("/v1/advisers", params={"conum_id": str(2**53 - 1)}).json()["data"] == [answer.json()]


@pytest.mark.parametrize("value", ["1", "001", "20", "00", "96", "2C", "2a", "970a", "99", "97٤", "9٤", "  35", "Ille"])
def test_a_department_is_a_code_of_a_department(platform: httpx.Client, value: str) -> None:
    answer = put_adviser(platform, "/department", value)

    assert expect_wrong_fields(answer) == {"/department": "too-long" if len(value) > 3 else "invalid-format"}


@pytest.mark.parametrize("value", ["01", "2A", "2B", "19", "95", "971", "976", "987", "988", None])
def test_a_department_of_france_is_kept(platform: httpx.Client, value: str | None) -> None:
    answer = put_adviser(platform, "/department", value)

    assert (answer.status_code, answer.json()["department"]) == (201, value)


NO_ADDRESSES = [
    "a", "a@b", "@example.org", "a@b c.fr", "a b@example.org", "a@b@example.org", "a@example.org.", "a@example.org,",
    "a..b@example.org", ".a@example.org", "Jean <a@example.org>", "a@example.org;b@example.org", '"a b"@example.org',
    "hélène@example.org", "a@[127.0.0.1]", "a@exam_ple.org",
]  # fmt: skip


def put_organisation(client: httpx.Client, pointer: str, value: Any) -> httpx.Response:
    return _sent(client, "PUT", f"/v1/training-organisations/{uuid4()}", _with(ORGANISATION, pointer, value))


def post_policy(client: httpx.Client, pointer: str, value: Any) -> httpx.Response:
    return _sent(client, "POST", "/v1/policies", _with(policy_body(), pointer, value))


ADDRESSES = [
    pytest.param(put_adviser, "/email", id="adviser"),
    pytest.param(put_contract, "/employer/contact_email", id="employer"),
    pytest.param(put_organisation, "/email", id="organisation"),
    pytest.param(post_policy, "/support_email", id="policy"),
]


@pytest.mark.parametrize(("send", "pointer"), ADDRESSES)
@pytest.mark.parametrize("value", NO_ADDRESSES)
def test_an_address_is_one_that_can_be_written_to(admin: httpx.Client, send: Any, pointer: str, value: str) -> None:
    answer = send(admin, pointer, value)

    assert expect_wrong_fields(answer) == {pointer: "invalid-format"}


def test_what_is_in_the_way_in_an_address_is_said(platform: httpx.Client) -> None:
    french = put_adviser(platform, "/email", "Jean <jean@example.org>")
    english = platform.post("/v1/advisers", json={"email": "jean@example.org,"}, headers={"Accept-Language": "en"})

    assert french.json()["errors"][0]["detail"] == "Une adresse ne peut pas contenir « espace » « < »."
    assert english.json()["errors"][0]["detail"] == "An address cannot contain “,”."


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f" Jean.Dupont{ZWSP}@Example.org\n", "Jean.Dupont@Example.org"),
        ("o'brien+formation@example.org", "o'brien+formation@example.org"),
        ("jean@me\u0301diation.example.org", "jean@médiation.example.org"),
    ],
)
def test_an_address_is_kept_as_it_was_meant(platform: httpx.Client, written: str, kept: str) -> None:
    assert put_adviser(platform, "/email", written).json()["email"] == kept


def test_two_people_may_share_an_address(platform: httpx.Client) -> None:
    """Identity is the ID Conum: one mailbox of a town hall may serve two of its advisers."""
    shared = f"mairie-{uuid4()}@example.org"
    first, second = (
        platform.post("/v1/advisers", json=adviser_body(conum_id=number, email=shared)).raise_for_status().json()
        for number in (810_001, 810_002)
    )
    moved = platform.patch(
        f"/v1/advisers/{an_adviser(platform)}", json={"email": shared.upper()}, headers={"If-Match": "*"}
    )

    found = platform.get("/v1/advisers", params={"email": shared}).json()["data"]

    assert moved.status_code == 200
    assert {item["id"] for item in found} == {first["id"], second["id"], moved.json()["id"]}
    taken = platform.post("/v1/advisers", json=adviser_body(conum_id=810_001, email="autre@example.org"))
    expect_problem(taken, 409, "conum-id-taken")


@pytest.mark.parametrize(
    "value",
    [
        "21350238800018",
        "2135023880001",
        "213502388000190",
        "2135023880001A",
        "35600000000002",
        "12345678",
        "٢١٣٥٠٢٣٨٨٠٠٠١٩",
        "00000000000000",
        "00000000000018",  # by the check digits alone it could be one
        "11122233344455",
        "11111111111111",
        "12312312312312",
        "99900099900009",
        "12345678901234",
        "21350238800000",
        "0000000",
        "1111111",
        "0000000001",
    ],
)
def test_a_siret_is_that_of_an_establishment(platform: httpx.Client, value: str) -> None:
    answer = put_contract(platform, "/employer/siret", value)

    assert expect_wrong_fields(answer) == {"/employer/siret": "siret"}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (SIRET, SIRET),
        ("213 502 388 00019", SIRET),
        ("35600000000048", "35600000000048"),  # La Poste: by Luhn
        ("35600000049837", "35600000049837"),  # La Poste: by the sum of its digits
        ("1234567", "1234567"),  # RIDET
        ("1234567001", "1234567001"),
    ],
)
def test_a_siret_or_a_ridet_is_kept(platform: httpx.Client, value: str, kept: str) -> None:
    answer = put_contract(platform, "/employer/siret", value)

    assert (answer.status_code, answer.json()["employer"]["siret"]) == (201, kept)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "CDI", "ends_on": "2030-01-01"}, "term"),
        ({"type": "CDD", "ends_on": None}, "term"),
        ({"type": "PEC"}, "term"),
        ({"type": "CDP"}, "term"),
        ({"type": "CDD", "ends_on": "2022-01-09"}, "order"),
        ({"terminated_on": "2022-01-09"}, "order"),
    ],
)
def test_the_dates_of_a_contract_agree(platform: httpx.Client, fields: Body, code: str) -> None:
    body = contract_body(an_adviser(platform), **fields)
    pointer = "/terminated_on" if "terminated_on" in fields else "/ends_on"

    answer = platform.post("/v1/contracts", json=body)

    assert expect_wrong_fields(answer) == {pointer: code}


def test_a_contract_of_one_day_is_one(platform: httpx.Client) -> None:
    body = contract_body(an_adviser(platform), type="CDD", ends_on="2022-01-10", terminated_on="2022-01-10")

    answer = platform.post("/v1/contracts", json=body)

    assert answer.status_code == 201


def test_a_session_does_not_end_before_it_starts(platform: httpx.Client) -> None:
    answer = post_registration(platform, "/session/ends_on", "2025-05-12")

    assert expect_wrong_fields(answer) == {"/session/ends_on": "order"}


def test_an_initial_training_does_not_end_before_it_starts(platform: httpx.Client) -> None:
    answer = put_adviser(platform, "/initial_training", {"entered_on": "2024-04-15", "ended_on": "2024-04-14"})

    assert expect_wrong_fields(answer) == {"/initial_training/ended_on": "order"}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/adviser_id", NOBODY),
        ("/module_code", "module-inconnu"),
        ("/training_organisation_id", NOBODY),
    ],
)
@pytest.mark.parametrize("path", ["/v1/registrations", "/v1/registrations/preview"])
def test_an_unknown_reference_of_a_demand_is_named(platform: httpx.Client, path: str, pointer: str, value: str) -> None:
    body = _with(registration_body(an_adviser(platform)), pointer, value)

    answer = platform.post(path, json=body, headers=idempotency_headers())

    assert expect_wrong_fields(answer, "unknown-reference") == {pointer: "unknown"}


REFERENCES = {"adviser_id": NOBODY, "module_code": "inconnu", "training_organisation_id": NOBODY}


@pytest.mark.parametrize(
    "unknown", [subset for size in (2, 3) for subset in combinations(REFERENCES, size)], ids="+".join
)
@pytest.mark.parametrize("path", ["/v1/registrations", "/v1/registrations/preview"])
def test_every_unknown_reference_is_named_at_once(platform: httpx.Client, path: str, unknown: tuple[str, ...]) -> None:
    body = registration_body(an_adviser(platform)) | {name: REFERENCES[name] for name in unknown}

    answer = platform.post(path, json=body, headers=idempotency_headers())

    assert [*expect_wrong_fields(answer, "unknown-reference")] == [f"/{name}" for name in unknown]


def test_every_unknown_reference_of_a_contract_is_named_at_once(platform: httpx.Client) -> None:
    nobody_s = _sent(platform, "POST", "/v1/contracts", contract_body(NOBODY, renews_contract_id=NOBODY))
    renewed = platform.post("/v1/contracts", json=contract_body(an_adviser(platform))).json()
    kept = renewed | {"adviser_id": an_adviser(platform), "renews_contract_id": NOBODY}
    moved = platform.patch(
        f"/v1/contracts/{renewed['id']}",
        json={name: kept[name] for name in ("adviser_id", "renews_contract_id")},
        headers={"If-Match": "*"},
    )

    for answer in (nobody_s, moved):
        assert expect_wrong_fields(answer, "unknown-reference").keys() == {"/adviser_id", "/renews_contract_id"}


def test_what_a_contract_renews_is_known_though_its_adviser_is_not(platform: httpx.Client) -> None:
    renewed = platform.post("/v1/contracts", json=contract_body(an_adviser(platform))).json()["id"]

    answer = platform.post("/v1/contracts", json=contract_body(NOBODY, renews_contract_id=renewed))

    assert expect_wrong_fields(answer, "unknown-reference").keys() == {"/adviser_id"}


def test_a_demand_put_right_may_keep_its_key(platform: httpx.Client) -> None:
    """Nothing was decided: the key is still free."""
    adviser_id, used = str(uuid4()), idempotency_headers()
    platform.post("/v1/registrations", json=registration_body(adviser_id), headers=used)
    platform.put(f"/v1/advisers/{adviser_id}", json=adviser_body())

    answer = platform.post("/v1/registrations", json=registration_body(adviser_id), headers=used)

    assert answer.status_code == 201


@pytest.mark.parametrize("pointer", ["/adviser_id", "/renews_contract_id"])
def test_an_unknown_reference_of_a_contract_is_named(platform: httpx.Client, pointer: str) -> None:
    answer = put_contract(platform, pointer, NOBODY)

    assert expect_wrong_fields(answer, "unknown-reference") == {pointer: "unknown"}


def test_a_contract_renews_one_of_the_same_adviser(platform: httpx.Client) -> None:
    foreign = platform.post("/v1/contracts", json=contract_body(an_adviser(platform))).json()["id"]

    answer = put_contract(platform, "/renews_contract_id", foreign)

    assert expect_wrong_fields(answer, "unknown-reference") == {"/renews_contract_id": "unknown"}


def test_a_contract_does_not_renew_itself(platform: httpx.Client) -> None:
    itself = str(uuid4())
    body = contract_body(an_adviser(platform), renews_contract_id=itself)

    answer = platform.put(f"/v1/contracts/{itself}", json=body)

    assert expect_wrong_fields(answer, "unknown-reference") == {"/renews_contract_id": "unknown"}


def _result(client: httpx.Client, **fields: Any) -> Body:
    return {
        "adviser_id": an_adviser(client),
        "qualification": "remn-ccp1",
        "outcome": "failed",
        "on": "2024-09-12",
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"adviser_id": NOBODY}, "unknown-reference", "/adviser_id"),
        ({"qualification": "remn-ccp9"}, "unknown-reference", "/qualification"),
        ({"training_organisation_id": NOBODY}, "unknown-reference", "/training_organisation_id"),
        ({"qualification": "REMN"}, "validation-error", "/qualification"),
        ({"outcome": "passed"}, "validation-error", "/outcome"),
        ({"on": "2024-02-30"}, "validation-error", "/on"),
        ({"attempt": 2}, "validation-error", "/attempt"),
        ({"motive": "grippe"}, "validation-error", "/motive"),
        ({"motive": "force_majeure"}, "validation-error", "/motive"),
        ({"outcome": "obtained", "motive": "force_majeure"}, "validation-error", "/motive"),
        ({"outcome": "absent_justified", "motive": "covid_positive_test"}, "validation-error", "/motive"),
    ],
)
def test_a_mistake_of_a_result_is_named(platform: httpx.Client, fields: Body, code: str, pointer: str) -> None:
    answer = platform.post("/v1/certifications", json=_result(platform, **fields))

    assert [*expect_wrong_fields(answer, code)] == [pointer]


@pytest.mark.parametrize("adviser_known", [True, False])
def test_every_unknown_reference_of_a_result_is_named_at_once(
    platform: httpx.Client,
    adviser_known: bool,  # noqa: FBT001  # a parameter
) -> None:
    unknown: Body = {"qualification": "inconnu", "training_organisation_id": NOBODY}
    unknown |= {} if adviser_known else {"adviser_id": NOBODY}

    answer = platform.post("/v1/certifications", json=_result(platform, **unknown))

    assert expect_wrong_fields(answer, "unknown-reference").keys() == {f"/{name}" for name in unknown}


def test_every_unknown_reference_of_a_key_is_named_at_once(admin: httpx.Client) -> None:
    answer = admin.post("/v1/api-keys", json={"client_id": NOBODY, "training_organisation_id": NOBODY})

    assert expect_wrong_fields(answer, "unknown-reference").keys() == {"/client_id", "/training_organisation_id"}


@pytest.mark.parametrize(("on", "recorded"), [("1950-01-01", True), ("2026-06-15", True), ("2099-12-31", False)])
@pytest.mark.parametrize("outcome", ["obtained", "failed", "absent_justified", "absent_unjustified"])
def test_a_result_of_any_day_but_one_to_come_is_recorded(
    platform: httpx.Client, outcome: str, on: str, *, recorded: bool
) -> None:
    motive = "force_majeure" if outcome == "absent_justified" else None
    result = _result(platform, qualification="pix", outcome=outcome, on=on, motive=motive)

    answer = platform.post("/v1/certifications", json=result)

    if recorded:
        assert answer.status_code == 201
    else:
        assert expect_wrong_fields(answer) == {"/on": "date-in-future"}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"bucket": "civil_year:25"}, "/bucket"),
        ({"bucket": "civil_year:20255"}, "/bucket"),
        ({"bucket": "civil_year"}, "/bucket"),
        ({"bucket": "civil_year:٢٠٢٥"}, "/bucket"),
        ({"bucket": " civil_year:2025"}, "/bucket"),
        ({"bucket": "civil_year:2025\n"}, "/bucket"),
        ({"bucket": "civil_year:2025#1"}, "/bucket"),
        ({"bucket": "second_year"}, "/bucket"),
        ({"bucket": None}, "/bucket"),
        ({"bucket": 2025}, "/bucket"),
        ({"units": 0}, "/units"),
        ({"units": -1}, "/units"),
        ({"units": 1.0}, "/units"),
        ({"units": "1"}, "/units"),
        ({"units": True}, "/units"),
        ({"units": 10**20}, "/units"),
        ({"motive": ""}, "/motive"),
        ({"motive": None}, "/motive"),
        ({"motive": "\x00"}, "/motive"),
        ({"decided_on": "2025-02-30"}, "/decided_on"),
        ({"decided_by": NOBODY}, "/decided_by"),
    ],
)
def test_a_mistake_of_a_carry_over_is_named(admin: httpx.Client, fields: Body, pointer: str) -> None:
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité", **fields}

    answer = admin.post(f"/v1/advisers/{an_adviser_in_post(admin)}/carry-overs", json=report)

    assert [*expect_wrong_fields(answer)] == [pointer]


@pytest.mark.parametrize(
    "bucket",
    [
        "first_year",
        "supplementary:cafe-ia",
        "carry_over:civil_year:2025",
        "carry_over:first_year",
        "civil_year:2023",
        "civil_year:0000",
        "civil_year:9999",
    ],
)
def test_a_right_that_is_not_there_is_not_carried(admin: httpx.Client, bucket: str) -> None:
    report = {"bucket": bucket, "units": 1, "motive": "Congé maternité"}

    answer = admin.post(f"/v1/advisers/{an_adviser_in_post(admin)}/carry-overs", json=report)

    expect_problem(answer, 409, "nothing-to-carry-over")


def test_more_than_is_left_is_not_carried(admin: httpx.Client) -> None:
    report = {"bucket": "civil_year:2025", "units": 2, "motive": "Congé maternité"}

    answer = admin.post(f"/v1/advisers/{an_adviser_in_post(admin)}/carry-overs", json=report)

    expect_problem(answer, 409, "nothing-to-carry-over")


@pytest.mark.parametrize("decided_on", ["1950-01-01", "2020-12-31", "2099-12-31"])
def test_a_carry_over_may_be_decided_on_any_day(admin: httpx.Client, decided_on: str) -> None:
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité", "decided_on": decided_on}

    answer = admin.post(f"/v1/advisers/{an_adviser_in_post(admin)}/carry-overs", json=report)

    assert answer.status_code < 500


def test_nobody_s_right_is_not_carried(admin: httpx.Client) -> None:
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité"}

    answer = admin.post(f"/v1/advisers/{uuid4()}/carry-overs", json=report)

    expect_problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"title": "\x00"}, "/title"),
        ({"kind": "initial"}, "/kind"),
        ({"hours": 0}, "/hours"),
        ({"hours": 7.5}, "/hours"),
        ({"hours": 7.0}, "/hours"),
        ({"hours": "7"}, "/hours"),
        ({"hours": 10**12}, "/hours"),
        ({"formats": []}, "/formats"),
        ({"formats": "remote"}, "/formats"),
        ({"formats": ["distance"]}, "/formats/0"),
        ({"formats": ["remote", "on_site", "hybrid", "remote"]}, "/formats"),
        ({"prerequisite": "pix"}, "/prerequisite"),
        ({"prerequisite": None}, "/prerequisite"),
        ({"supplementary": 1}, "/supplementary"),
        ({"open_from": "2025-01-02", "open_until": "2025-01-01"}, "/open_until"),
        ({"kind": "full_title", "supplementary": True}, "/supplementary"),
        ({"price": 100}, "/price"),
    ],
)
def test_a_mistake_of_a_module_is_named(admin: httpx.Client, fields: Body, pointer: str) -> None:
    answer = admin.put(f"/v1/modules/m-{uuid4()}", json={**MODULE, **fields})

    assert [*expect_wrong_fields(answer)] == [pointer]


@pytest.mark.parametrize("code", ["Majuscule", "é", "a_b", "-a", "a--b", "a" * 61, "a%0A"])
def test_a_module_s_code_is_plain(admin: httpx.Client, code: str) -> None:
    answer = admin.put(f"/v1/modules/{code}", json=MODULE)

    expect_problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"email": "x"}, "/email"),
        ({"email": None}, "/email"),
        ({"deliveries": None}, "/deliveries"),
        ({"deliveries": {}}, "/deliveries"),
        ({"deliveries": [{"kind": "thematic"}]}, "/deliveries/0/territory"),
        ({"deliveries": [{"kind": "thematic", "territory": "europe"}]}, "/deliveries/0/territory"),
        ({"deliveries": [{"kind": "x", "territory": "national"}]}, "/deliveries/0/kind"),
        ({"deliveries": [{"kind": "thematic", "territory": "national"}] * 21}, "/deliveries"),
        ({"siret": SIRET}, "/siret"),
    ],
)
def test_a_mistake_of_an_organisation_is_named(admin: httpx.Client, fields: Body, pointer: str) -> None:
    answer = admin.put(f"/v1/training-organisations/{uuid4()}", json={**ORGANISATION, **fields})

    assert [*expect_wrong_fields(answer)] == [pointer]


def test_the_possible_values_are_told_as_they_are_written(platform: httpx.Client) -> None:
    answer = post_action(platform, waiting_registration(platform), "choice", choice="keep", payer="state")

    assert answer.json()["errors"][0]["detail"] == "Valeurs possibles : employer, opco, self."


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/choice", "missing"),
        ({"choice": "garder"}, "/choice", "not-one-of"),
        ({"choice": "keep"}, "/payer", "payer-required"),
        ({"choice": "keep", "payer": None}, "/payer", "payer-required"),
        ({"choice": "cancel", "payer": "self"}, "/payer", "payer-not-applicable"),
        ({"choice": "keep", "payer": "state"}, "/payer", "not-one-of"),
        ({"choice": "keep", "payer": "opco"}, "/payer", "payer-not-offered"),
        ({"choice": "keep", "payer": "self", "comment": "!"}, "/comment", "unknown-field"),
    ],
)
def test_a_mistake_of_a_choice_is_named(platform: httpx.Client, body: Body, pointer: str, code: str) -> None:
    answer = post_action(platform, waiting_registration(platform), "choice", **body)

    assert expect_wrong_fields(answer) == {pointer: code}


@pytest.mark.parametrize("motive", ["\x00", "a\x00b", "\ud83e", "a" * 2001, 1, [], True])
@pytest.mark.parametrize("action", ["cancellation", "attendance"])
def test_the_motive_of_an_action_is_a_text_one_can_print(admin: httpx.Client, action: str, motive: Any) -> None:
    registration = upcoming_registration(admin) if action == "cancellation" else accepted_registration(admin)
    body = {} if action == "cancellation" else {"outcome": "absent_justified"}

    path = f"/v1/registrations/{registration['id']}/{action}"
    answer = _sent(admin, "POST", path, {**body, "motive": motive})

    assert [*expect_wrong_fields(answer)] == ["/motive"]


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("cancellation", {"cancelled_on": "2025-02-30"}, "/cancelled_on"),
        ("cancellation", {"cancelled_on": 1}, "/cancelled_on"),
        ("cancellation", {"reason": "x"}, "/reason"),
        ("attendance", {}, "/outcome"),
        ("attendance", {"outcome": "absent"}, "/outcome"),
        ("attendance", {"outcome": None}, "/outcome"),
        ("attendance", {"outcome": "completed", "on": "2025-05-13"}, "/on"),
        ("re-examination", {"employer_agreement": "oui"}, "/employer_agreement"),
        ("re-examination", {"employer_agreement": None}, "/employer_agreement"),
        ("re-examination", {"notice": True}, "/notice"),
    ],
)
def test_a_mistake_of_an_action_is_named(admin: httpx.Client, action: str, body: Body, pointer: str) -> None:
    answer = post_action(admin, upcoming_registration(admin), action, **body)

    assert [*expect_wrong_fields(answer)] == [pointer]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"taken_on": "2025-05-01"}, "/hours", "missing"),
        ({"hours": 175}, "/taken_on", "missing"),
        ({"taken_on": "2025-05-01", "hours": 175.0}, "/hours", "invalid-type"),
        ({"taken_on": "2025-05-01", "hours": "175"}, "/hours", "invalid-type"),
        ({"taken_on": "2025-05-01", "hours": 0}, "/hours", "out-of-range"),
        ({"taken_on": "2025-05-01", "hours": 280}, "/hours", "hours-not-offered"),
        ({"taken_on": "2024-02-29", "hours": 175}, "/hours", "hours-not-offered"),
        ({"taken_on": "2025-10-21", "hours": 315}, "/hours", "hours-not-offered"),
        ({"taken_on": "1950-01-01", "hours": 175}, "/hours", "hours-not-offered"),
    ],
)
def test_a_mistake_of_a_positioning_test_is_named(admin: httpx.Client, body: Body, pointer: str, code: str) -> None:
    answer = post_action(admin, initial_training_registration(admin), "positioning-test", **body)

    assert expect_wrong_fields(answer) == {pointer: code}


def test_only_an_initial_training_has_a_positioning_test(admin: httpx.Client) -> None:
    answer = post_action(admin, accepted_registration(admin), "positioning-test", taken_on="2025-05-01", hours=175)

    assert expect_wrong_fields(answer) == {"/hours": "not-initial-training"}


@pytest.mark.parametrize(
    ("session", "pointer", "code"),
    [
        ({"starts_on": "2026-02-30"}, "/session/starts_on", "invalid-date"),
        ({"starts_on": None}, "/session/starts_on", "invalid-date"),
        ({"ends_on": None}, "/session/ends_on", "invalid-date"),
        ({"format": "distance"}, "/session/format", "not-one-of"),
        ({"format": None}, "/session/format", "not-one-of"),
        ({"place": ""}, "/session/place", "too-short"),
        ({"place": "\x00"}, "/session/place", "control-character"),
        ({"place": "L\x92Exemple"}, "/session/place", "control-character"),
        ({"place": "L\u2028Exemple"}, "/session/place", "control-character"),
        ({"room": "B"}, "/session/room", "unknown-field"),
        ({"ends_on": "2026-09-14"}, "/session/ends_on", "order"),
        ({"starts_on": "2026-09-16"}, "/session/ends_on", "order"),
    ],
)
def test_a_mistake_of_a_move_is_named(admin: httpx.Client, session: Body, pointer: str, code: str) -> None:
    answer = reschedule(admin, upcoming_registration(admin), **session)

    assert expect_wrong_fields(answer) == {pointer: code}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/session"), ({"session": None}, "/session"), ({"session": []}, "/session"), ({"status": "x"}, "/status")],
)
def test_only_the_session_is_patched(admin: httpx.Client, body: Body, pointer: str) -> None:
    path = f"/v1/registrations/{upcoming_registration(admin)['id']}"

    answer = admin.patch(path, json=body, headers={"If-Match": "*"})

    assert pointer in expect_wrong_fields(answer)


def test_a_null_erases_a_place(admin: httpx.Client) -> None:
    registration = upcoming_registration(
        admin, session={"starts_on": UPCOMING_DAY, "ends_on": UPCOMING_DAY, "format": "on_site", "place": "Rennes"}
    )

    answer = reschedule(admin, registration, place=None)

    assert answer.json()["session"] == registration["session"] | {"place": None}


def test_what_was_sent_is_never_repeated(platform: httpx.Client) -> None:
    answer = put_adviser(platform, "/email", "camille.secret")

    assert "camille.secret" not in answer.text


@pytest.mark.parametrize("day", ["1950-01-01", "2020-12-31", "2029-06-15"])
def test_a_demand_of_any_day_that_can_be_is_decided(platform: httpx.Client, day: str) -> None:
    session = {"starts_on": day, "ends_on": day, "format": "remote"}
    body = registration_body(an_adviser_in_post(platform), session=session, requested_on=min(day, "2026-06-15"))

    answer = platform.post("/v1/registrations", json=body, headers=idempotency_headers())

    assert answer.status_code == 201
