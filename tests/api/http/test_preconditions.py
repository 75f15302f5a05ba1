"""PUT, PATCH, ETag and If-Match."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.http.test_response_schemas import MODULE, ORGANISATION
from tests.api.registration_states import post_action, reschedule, upcoming_registration
from tests.api.response_assertions import expect_problem, expect_wrong_fields
from tests.http_builders import a_contract, adviser_body, an_adviser, contract_body


def _new_resource(admin: httpx.Client, noun: str) -> tuple[str, dict[str, Any]]:
    """The path of a resource not made yet, and its body."""
    match noun:
        case "advisers":
            return f"/v1/advisers/{uuid4()}", adviser_body()
        case "contracts":
            return f"/v1/contracts/{uuid4()}", contract_body(an_adviser(admin))
        case "modules":
            return f"/v1/modules/m-{uuid4()}", MODULE
        case _:
            return f"/v1/training-organisations/{uuid4()}", ORGANISATION


NOUNS = pytest.mark.parametrize("noun", ["advisers", "contracts", "modules", "training-organisations"])
CHANGE: dict[str, dict[str, Any]] = {
    "advisers": {"department": "974"},
    "contracts": {"terminated_on": "2026-01-31"},
    "modules": {"hours": 8},
    "training-organisations": {"name": "Un autre nom"},
}


@NOUNS
def test_a_first_put_creates(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)

    answer = admin.put(path, json=body)

    assert (answer.status_code, answer.headers["ETag"], answer.json()["version"]) == (201, '"1"', 1)
    assert answer.headers["Location"] == f"{admin.base_url}{path}".replace("//v1", "/v1")
    assert admin.get(answer.headers["Location"]).json() == answer.json()


@NOUNS
def test_a_second_put_needs_the_version(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    admin.put(path, json=body)

    answer = admin.put(path, json=body | CHANGE[noun])

    expect_problem(answer, 428, "precondition-required")


@NOUNS
def test_a_put_with_the_version_replaces(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    admin.put(path, json=body)

    answer = admin.put(path, json=body | CHANGE[noun], headers={"If-Match": '"1"'})

    assert (answer.status_code, answer.headers["ETag"], answer.json()["version"]) == (200, '"2"', 2)
    assert "Location" not in answer.headers
    assert answer.json().items() >= CHANGE[noun].items()


@NOUNS
def test_a_stale_put_is_told_the_present_version(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    admin.put(path, json=body)
    admin.put(path, json=body | CHANGE[noun], headers={"If-Match": '"1"'})

    answer = admin.put(path, json=body, headers={"If-Match": '"1"'})

    expect_problem(answer, 412, "precondition-failed")
    assert answer.headers["ETag"] == '"2"'


@NOUNS
def test_with_a_star_the_last_writer_wins(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    admin.put(path, json=body)

    answer = admin.put(path, json=body | CHANGE[noun], headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["version"]) == (200, 2)


@NOUNS
def test_a_put_that_changes_nothing_keeps_the_version(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    first = admin.put(path, json=body)

    again = admin.put(path, json=body, headers={"If-Match": "*"})

    assert (again.status_code, again.headers["ETag"], again.json()) == (200, '"1"', first.json())


@NOUNS
def test_a_known_version_is_not_sent_again(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    admin.put(path, json=body)

    answer = admin.get(path, headers={"If-None-Match": 'W/"1"'})

    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", '"1"')


@NOUNS
def test_another_version_is_sent(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    admin.put(path, json=body)

    answer = admin.get(path, headers={"If-None-Match": '"2", "3"'})

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')


@NOUNS
def test_a_body_may_repeat_the_identity(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    name = "code" if noun == "modules" else "id"

    answer = admin.put(path, json=body | {name: path.rpartition("/")[2]})

    assert answer.status_code == 201


@NOUNS
def test_a_body_may_not_name_another(admin: httpx.Client, noun: str) -> None:
    path, body = _new_resource(admin, noun)
    name, other = ("code", "un-autre") if noun == "modules" else ("id", str(uuid4()))

    answer = admin.put(path, json=body | {name: other})

    assert expect_wrong_fields(answer) == {f"/{name}": "mismatch"}
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("tags", ['"1"', '"7", "1"', 'W/"7", "1"'])
def test_any_of_several_versions_will_do(platform: httpx.Client, tags: str) -> None:
    path = f"/v1/advisers/{an_adviser(platform)}"

    answer = platform.patch(path, json={"department": "2A"}, headers={"If-Match": tags})

    assert answer.status_code == 200


@pytest.mark.parametrize("tags", ['W/"1"', '"2"', '"7", "8"', '"999999999"'])
def test_a_weak_or_other_version_never_matches(platform: httpx.Client, tags: str) -> None:
    path = f"/v1/advisers/{an_adviser(platform)}"

    answer = platform.patch(path, json={"department": "2A"}, headers={"If-Match": tags})

    expect_problem(answer, 412, "precondition-failed")
    assert answer.headers["ETag"] == '"1"'


@pytest.mark.parametrize(
    ("tags", "is_weak"), [('W/"1"', True), ('"7", W/"1"', True), ('W/"1-en"', True), ('"7"', False)]
)
def test_a_weak_validator_is_said_to_be_one_and_the_strong_one_named(
    platform: httpx.Client, tags: str, *, is_weak: bool
) -> None:
    """As whatever compresses answers on their way makes of ours."""
    path = f"/v1/advisers/{an_adviser(platform)}"

    answer = platform.patch(path, json={"department": "2A"}, headers={"If-Match": tags})

    detail = expect_problem(answer, 412, "precondition-failed")["detail"]
    assert ("validateur faible" in detail) is is_weak
    assert ('"1"' in detail) is is_weak
    assert "La version actuelle est 1." in detail


@pytest.mark.parametrize("tags", ["1", '"1', "", "W/1", '"1",', "*, *", "'1'"])
def test_a_malformed_precondition_is_said(platform: httpx.Client, tags: str) -> None:
    path = f"/v1/advisers/{an_adviser(platform)}"

    answer = platform.patch(path, json={"department": "2A"}, headers={"If-Match": tags})

    expect_problem(answer, 400, "invalid-header")


@pytest.mark.parametrize("noun", ["advisers", "contracts"])
def test_a_patch_needs_the_version(platform: httpx.Client, noun: str) -> None:
    adviser_id = an_adviser(platform)
    path = f"/v1/advisers/{adviser_id}" if noun == "advisers" else f"/v1/contracts/{a_contract(platform, adviser_id)}"

    answer = platform.patch(path, json=CHANGE[noun])

    expect_problem(answer, 428, "precondition-required")


@pytest.mark.parametrize("path", ["/v1/advisers", "/v1/contracts", "/v1/registrations"])
def test_what_is_absent_is_not_patched(admin: httpx.Client, path: str) -> None:
    answer = admin.patch(f"{path}/{uuid4()}", json={"session": {}}, headers={"If-Match": "*"})

    expect_problem(answer, 404, "not-found")


def test_a_patch_keeps_what_it_does_not_name(platform: httpx.Client) -> None:
    path = f"/v1/advisers/{an_adviser(platform)}"
    before = platform.get(path).json()

    after = platform.patch(path, json={"last_name": "Autre"}, headers={"If-Match": '"1"'})

    assert after.headers["ETag"] == '"2"'
    assert after.json() == before | {"last_name": "Autre", "version": 2}


def test_a_patch_of_the_merge_type_is_read(platform: httpx.Client) -> None:
    path = f"/v1/advisers/{an_adviser(platform)}"
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}

    answer = platform.patch(path, content=b'{"last_name": "Autre"}', headers=headers)

    assert answer.json()["last_name"] == "Autre"


def test_a_null_erases(platform: httpx.Client) -> None:
    path = f"/v1/advisers/{an_adviser(platform)}"
    patch = {"conum_id": None, "email": None, "initial_training": None}

    answer = platform.patch(path, json=patch, headers={"If-Match": "*"})

    assert answer.json().items() >= patch.items()


def test_a_patch_merges_what_is_nested(platform: httpx.Client) -> None:
    path = f"/v1/contracts/{a_contract(platform, an_adviser(platform))}"
    before = platform.get(path).json()["employer"]
    patch = {"employer": {"legal_form": "private", "department": None}, "administrative_file": {"validated_on": None}}

    after = platform.patch(path, json=patch, headers={"If-Match": "*"}).json()

    assert after["employer"] == before | {"legal_form": "private", "department": None}
    assert after["administrative_file"] == {
        "ds_file_number": "1234567",
        "contract_uploaded_on": "2022-01-17",
        "validated_on": None,
    }


def test_a_null_erases_a_whole_administrative_file(platform: httpx.Client) -> None:
    path = f"/v1/contracts/{a_contract(platform, an_adviser(platform))}"

    answer = platform.patch(path, json={"administrative_file": None}, headers={"If-Match": "*"})

    assert answer.status_code == 200
    assert set(answer.json()["administrative_file"].values()) == {None}


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"version": 2}, "/version"),
        ({"employer": {"siret": None}}, "/employer/siret"),
        ({"employer": {"unknown": 1}}, "/employer/unknown"),
        ({"employer": "Ville"}, "/employer"),
        ({"starts_on": None}, "/starts_on"),
        ({"ends_on": "2030-01-01"}, "/ends_on"),
        ({"terminated_on": "2021-12-31"}, "/terminated_on"),
        ({"type": "CDD"}, "/ends_on"),
    ],
)
def test_a_patched_contract_is_one_that_could_be_put(
    platform: httpx.Client, patch: dict[str, Any], pointer: str
) -> None:
    path = f"/v1/contracts/{a_contract(platform, an_adviser(platform))}"

    answer = platform.patch(path, json=patch, headers={"If-Match": "*"})

    assert [*expect_wrong_fields(answer)] == [pointer]


def test_a_contract_does_not_pass_to_another_adviser(platform: httpx.Client) -> None:
    path = f"/v1/contracts/{a_contract(platform, an_adviser(platform))}"

    answer = platform.patch(path, json={"adviser_id": an_adviser(platform)}, headers={"If-Match": "*"})

    assert [*expect_wrong_fields(answer, "unknown-reference")] == ["/adviser_id"]


def test_a_registration_is_moved_by_who_knows_its_version(organisation: httpx.Client, platform: httpx.Client) -> None:
    registration = upcoming_registration(platform)
    path, patch = f"/v1/registrations/{registration['id']}", {"session": {"place": "Rennes"}}

    expect_problem(organisation.patch(path, json=patch), 428, "precondition-required")
    stale = organisation.patch(path, json=patch, headers={"If-Match": '"9"'})
    moved = organisation.patch(path, json=patch, headers={"If-Match": '"1"'})

    expect_problem(stale, 412, "precondition-failed")
    assert stale.headers["ETag"] == '"1"'
    assert (moved.headers["ETag"], moved.json()["session"]["place"]) == ('"2"', "Rennes")


def test_each_move_raises_the_version(admin: httpx.Client) -> None:
    registration = upcoming_registration(admin)
    reschedule(admin, registration, starts_on="2026-09-14")

    answer = post_action(admin, registration, "cancellation")

    assert (answer.headers["ETag"], answer.json()["version"]) == ('"3"', 3)


def test_the_same_conum_id_is_taken(platform: httpx.Client) -> None:
    taken = platform.get(f"/v1/advisers/{an_adviser(platform)}").json()["conum_id"]

    posted = platform.post("/v1/advisers", json=adviser_body(conum_id=taken))
    put = platform.put(f"/v1/advisers/{uuid4()}", json=adviser_body(conum_id=taken))
    path = f"/v1/advisers/{an_adviser(platform)}"
    patched = platform.patch(path, json={"conum_id": taken}, headers={"If-Match": "*"})

    for answer in (posted, put, patched):
        expect_problem(answer, 409, "conum-id-taken")


def test_advisers_without_a_conum_id_are_many(platform: httpx.Client) -> None:
    answers = [platform.post("/v1/advisers", json=adviser_body(conum_id=None)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize("path", ["/v1/advisers", "/v1/contracts"])
def test_a_posted_resource_does_not_choose_its_identity(platform: httpx.Client, path: str) -> None:
    body = adviser_body() if path == "/v1/advisers" else contract_body(an_adviser(platform))

    answer = platform.post(path, json=body | {"id": str(uuid4())})

    assert expect_wrong_fields(answer) == {"/id": "not-allowed"}


@pytest.mark.parametrize("path", ["/v1/advisers", "/v1/contracts"])
def test_a_posted_resource_says_where_it_is(platform: httpx.Client, path: str) -> None:
    body = adviser_body() if path == "/v1/advisers" else contract_body(an_adviser(platform))

    answer = platform.post(path, json=body)

    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert platform.get(answer.headers["Location"]).json() == answer.json()
    assert answer.json()["id"][14] == "7"  # a UUID of version 7
