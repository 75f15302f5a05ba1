"""Every sentence of every answer, in French or in English as the request asks; everything else is the same."""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from app.api.http.fields.field_types import RequestBody
from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.error_responses import RequestTimedOut, error_response
from app.api.http.problems.problem_details import FieldProblem
from app.api.http.problems.validation_problems import field_problems
from app.domain.decisions.refusals import Absence, Reason
from app.persistence.engine.transactions.transaction_errors import CommitLost, CommitOutcomeUnknown, RequestInFlight
from app.wording.languages import Language
from tests.api.problem_triggers import PROBLEM_TRIGGERS, REFUSAL_REQUESTS
from tests.api.registration_states import refused_registration, upcoming_registration, waiting_registration
from tests.api.response_assertions import OPERATIONS, expect_problem, offline_application
from tests.http_builders import adviser_body, an_adviser, an_adviser_in_post, register, registration_body
from tests.live_server import LiveServer, idempotency_headers

TESTS = Path(__file__).parents[2]
# Names that English keeps.
NAMES = ("Démarches simplifiées", "Francil’In")
SENTENCES = ("label", "how_to_fix", "summary")


@pytest.fixture(scope="module")
def english(served: LiveServer) -> Generator[httpx.Client]:
    with served.client("admin") as client:
        client.headers["Accept-Language"] = "en-GB,en;q=0.9,fr;q=0.5"
        yield client


@pytest.fixture(scope="module")
def french(served: LiveServer) -> Generator[httpx.Client]:
    with served.client("admin") as client:
        client.headers["Accept-Language"] = "fr-FR,fr;q=0.9,en;q=0.5"
        yield client


def is_english(sentence: str) -> bool:
    """Whether it has none of the letters that French can hardly do without, but in names."""
    for name in NAMES:
        sentence = sentence.replace(name, "")
    return bool(sentence) and sentence.replace("’", "").replace("“", "").replace("”", "").replace("…", "").isascii()


def check_language(answer: httpx.Response, language: str) -> None:
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]


def _without_sentences(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in SENTENCES}


def unworded(body: Any) -> Any:
    """Without the sentences, wherever they are."""
    return json.loads(json.dumps(body), object_hook=_without_sentences)


@pytest.mark.parametrize("code", sorted(PROBLEM_TYPES.keys() - PROBLEM_TRIGGERS.keys()))
def test_a_problem_that_is_not_provoked_here_is_elsewhere(code: str) -> None:
    """It takes a broken database, a slow network, another role…"""
    assert any(f'"{code}"' in path.read_text() for path in TESTS.rglob("test_*.py"))


@pytest.mark.parametrize("code", PROBLEM_TRIGGERS)
def test_a_problem_is_said_in_both_languages(french: httpx.Client, english: httpx.Client, code: str) -> None:
    answers = [PROBLEM_TRIGGERS[code](client) for client in (french, english)]

    kind = PROBLEM_TYPES[code]
    in_french, in_english = (expect_problem(answer, kind.status, code) for answer in answers)
    check_language(answers[0], "fr")
    check_language(answers[1], "en")
    assert (in_french["title"], in_english["title"]) == (kind.title.fr, kind.title.en)
    assert in_french["detail"] != in_english["detail"]
    assert is_english(in_english["detail"])
    wrong = list(zip(in_french.get("errors", []), in_english.get("errors", []), strict=True))
    assert all(one["detail"] != other["detail"] and is_english(other["detail"]) for one, other in wrong)
    assert all((one["pointer"], one["code"]) == (other["pointer"], other["code"]) for one, other in wrong)


FAILURES: list[tuple[Exception, str]] = [
    (RuntimeError("a mistake of ours"), "internal-error"),
    (CommitOutcomeUnknown(), "outcome-unknown"),
    (CommitLost(), "unavailable"),
    (RequestTimedOut(), "unavailable"),
    (ConnectionRefusedError(), "unavailable"),
    (RequestInFlight(), "idempotency-in-flight"),
]


@pytest.mark.parametrize(("failure", "code"), FAILURES, ids=repr)
def test_a_failure_is_said_in_both_languages(failure: Exception, code: str) -> None:
    scope = {"app": offline_application(), "request_id": uuid4()}

    answers = [error_response(failure, {**scope, "language": language}) for language in Language]

    in_french, in_english = (json.loads(answer.body) for answer in answers)
    assert [answer.headers["Content-Language"] for answer in answers] == ["fr", "en"]
    assert in_french["code"] == in_english["code"] == code
    assert (in_french["title"], in_english["title"]) == (PROBLEM_TYPES[code].title.fr, PROBLEM_TYPES[code].title.en)
    assert in_french["detail"] != in_english["detail"]
    assert is_english(in_english["detail"])


def test_what_a_role_may_not_do_is_said_in_both_languages(organisation: httpx.Client) -> None:
    answers = [
        organisation.put(f"/v1/contracts/{uuid4()}", json={}, headers={"Accept-Language": language})
        for language in ("fr", "en")
    ]

    in_french, in_english = (expect_problem(answer, 403, "forbidden")["detail"] for answer in answers)
    assert in_french != in_english
    assert is_english(in_english)


def test_every_reason_is_given_somewhere() -> None:
    assert {reason for reason, _ in REFUSAL_REQUESTS} == set(Reason)
    assert {detail for _, detail in REFUSAL_REQUESTS if detail is not None} == set(Absence)


@pytest.mark.parametrize(("reason", "detail"), REFUSAL_REQUESTS, ids=str)
def test_a_reason_is_given_in_both_languages(
    french: httpx.Client, english: httpx.Client, reason: Reason, detail: Absence | None
) -> None:
    command = REFUSAL_REQUESTS[reason, detail](french)

    answers = [client.post("/v1/registrations/preview", json=command) for client in (french, english)]

    check_language(answers[0], "fr")
    check_language(answers[1], "en")
    in_french, in_english = (answer.raise_for_status().json() for answer in answers)
    assert unworded(in_french) == unworded(in_english)
    assert in_french["summary"] != in_english["summary"]
    assert is_english(in_english["summary"])
    both = list(zip(in_french["reasons"], in_english["reasons"], strict=True))
    assert (reason, detail) in [(item["code"], item["detail"]) for item in in_english["reasons"]]
    assert all(one[name] != other[name] and is_english(other[name]) for one, other in both for name in SENTENCES[:2])


def test_a_day_is_said_as_each_language_says_it(french: httpx.Client, english: httpx.Client) -> None:
    command = REFUSAL_REQUESTS[Reason.NOT_IN_POST, Absence.CONTRACT_TERMINATED](french)

    answers = [client.post("/v1/registrations/preview", json=command).json() for client in (french, english)]

    assert [answer["reasons"][0]["label"] for answer in answers] == [
        "Contrat de travail rompu avant le premier jour de la session (dernier jour : 14 mars 2025).",
        "Employment contract terminated before the first day of the session (last day: 14 March 2025).",
    ]
    assert [answer["summary"] for answer in answers] == [
        "Inscription refusée pour 1 motif ; chacun dit comment le lever et qui doit agir.",
        "Registration refused for 1 reason; it says how to put it right and who must act.",
    ]


def test_a_registration_is_made_in_the_language_that_asks(english: httpx.Client) -> None:
    answer = register(english, an_adviser_in_post(english))

    check_language(answer, "en")
    assert answer.headers["ETag"] == '"1-en"'
    assert answer.json()["decision"]["summary"] == (
        "Registration accepted and funded by the State under the entitlement of the year 2025."
    )


def test_an_action_is_answered_in_the_language_that_asks(english: httpx.Client) -> None:
    registration = refused_registration(english)

    answer = english.post(
        f"/v1/registrations/{registration['id']}/re-examination", json={}, headers=idempotency_headers()
    )

    check_language(answer, "en")
    assert is_english(answer.json()["decision"]["summary"])


def test_a_registration_reads_the_same_but_for_its_sentences(french: httpx.Client, english: httpx.Client) -> None:
    registration = waiting_registration(french)

    answers = [client.get(f"/v1/registrations/{registration['id']}") for client in (french, english)]

    in_french, in_english = (answer.json() for answer in answers)
    assert in_french == registration
    assert in_french != in_english
    assert unworded(in_french) == unworded(in_english)


@pytest.mark.parametrize("path", ["?adviser_id={adviser_id}", "/{id}/decisions"])
def test_a_list_is_in_the_language_that_asks(french: httpx.Client, english: httpx.Client, path: str) -> None:
    registration = refused_registration(french)

    answers = [client.get(f"/v1/registrations{path.format(**registration)}") for client in (french, english)]

    in_french, in_english = (answer.json()["data"] for answer in answers)
    check_language(answers[1], "en")
    assert in_french != in_english
    assert unworded(in_french) == unworded(in_english)


def test_a_training_record_is_in_the_language_that_asks(french: httpx.Client, english: httpx.Client) -> None:
    adviser_id = an_adviser(french)

    answers = [client.get(f"/v1/advisers/{adviser_id}/training-record") for client in (french, english)]

    in_french, in_english = (answer.json() for answer in answers)
    check_language(answers[1], "en")
    assert unworded(in_french) == unworded(in_english)
    assert is_english(in_english["in_post"]["reasons"][0]["label"])
    assert in_french != in_english


@pytest.mark.parametrize("asked", [None, "fr", "de", "en;q=2", "fr, en;q=0.9", "*"])
def test_french_is_the_default(admin: httpx.Client, asked: str | None) -> None:
    registration = refused_registration(admin)
    headers = {} if asked is None else {"Accept-Language": asked}

    answer = admin.get(f"/v1/registrations/{registration['id']}", headers=headers)

    check_language(answer, "fr")
    assert (answer.json(), answer.headers["ETag"]) == (registration, f'"{registration["version"]}"')


LISTS = sorted(
    route.path
    for route in OPERATIONS.values()
    if "GET" in (route.methods or ()) and not re.search(r"\{|\.ics$", route.path)  # a calendar is in French
)


@pytest.mark.parametrize("path", LISTS)
def test_every_list_says_its_language(french: httpx.Client, english: httpx.Client, path: str) -> None:
    check_language(french.get(path), "fr")
    check_language(english.get(path), "en")


# A strong validator belongs to one sequence of bytes.


def test_each_language_is_known_by_its_own_validator(french: httpx.Client, english: httpx.Client) -> None:
    registration = upcoming_registration(french)
    path, version = f"/v1/registrations/{registration['id']}", registration["version"]
    tags = [client.get(path).headers["ETag"] for client in (french, english)]

    statuses = [
        client.get(path, headers={"If-None-Match": tag}).status_code for client in (french, english) for tag in tags
    ]

    assert tags == [f'"{version}"', f'"{version}-en"']
    assert statuses == [304, 200, 200, 304]


def test_what_is_not_sent_again_says_its_language(english: httpx.Client) -> None:
    path = f"/v1/registrations/{refused_registration(english)['id']}"

    answer = english.get(path, headers={"If-None-Match": english.get(path).headers["ETag"]})

    assert (answer.status_code, answer.content) == (304, b"")
    check_language(answer, "en")


@pytest.mark.parametrize("tag", ['"1"', '"1-en"', '"0", "1-en"'])
def test_a_version_is_changed_by_its_validator_in_either_language(
    french: httpx.Client, english: httpx.Client, tag: str
) -> None:
    for client, changed in ((french, '"2"'), (english, '"2-en"')):
        path = f"/v1/advisers/{an_adviser(client)}"

        answer = client.patch(path, json={"department": "56"}, headers={"If-Match": tag})

        assert (answer.status_code, answer.headers["ETag"]) == (200, changed)


@pytest.mark.parametrize("tag", ['"2-en"', '"1-fr"', '"1-"', '"-en"', '"1-EN"', 'W/"1-en"'])
def test_a_validator_that_is_not_of_this_version_changes_nothing(english: httpx.Client, tag: str) -> None:
    path = f"/v1/advisers/{an_adviser(english)}"

    answer = english.patch(path, json={"department": "56"}, headers={"If-Match": tag})

    expect_problem(answer, 412, "precondition-failed")
    assert answer.headers["ETag"] == '"1-en"' == english.get(path).headers["ETag"]


# The same key repeats the same answer, whatever the language now asked: it is that answer that was given.


def test_a_replay_repeats_the_language_of_the_first_answer(french: httpx.Client, english: httpx.Client) -> None:
    body, used = registration_body(an_adviser(french)), idempotency_headers()
    first = english.post("/v1/registrations", json=body, headers=used)

    again = french.post("/v1/registrations", json=body, headers=used)

    check_language(first, "en")
    check_language(again, "en")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (again.headers["ETag"], again.headers["Location"]) == (first.headers["ETag"], first.headers["Location"])


def test_a_replayed_conflict_repeats_the_language_of_the_first_answer(
    french: httpx.Client, english: httpx.Client
) -> None:
    adviser_id, used = an_adviser_in_post(french), idempotency_headers()
    register(french, adviser_id).raise_for_status()
    body = registration_body(adviser_id)
    first = french.post("/v1/registrations", json=body, headers=used)

    again = english.post("/v1/registrations", json=body, headers=used)

    expect_problem(again, 409, "duplicate-registration")
    check_language(again, "fr")
    assert again.content == first.content


# What pydantic finds wrong.

WRONG: list[Any] = [
    None, True, -1, 0, 10**30, 1.5, "", "\x00", "\ud800", "x" * 3000, "2025-02-30", "2025-01-01T00:00:00Z",
    "0001-01-01", "a b", [], [1], ["x"] * 100, {}, {"unknown": 1},
]  # fmt: skip


def bodies(kind: type[BaseModel] = RequestBody) -> list[type[BaseModel]]:
    """Every model of a request."""
    return [*kind.__subclasses__(), *(found for inner in kind.__subclasses__() for found in bodies(inner))]


def mistakes(model: type[BaseModel], content: Any) -> list[FieldProblem]:
    try:
        model.model_validate(content)
    except ValidationError as error:
        return field_problems(error.errors())
    return []


@pytest.mark.parametrize("model", bodies(), ids=lambda model: model.__name__)
def test_every_mistake_of_a_field_is_said_by_its_name(model: type[BaseModel]) -> None:
    found = [item for name in model.model_fields for value in WRONG for item in mistakes(model, {name: value})]

    assert found
    assert [item for item in found if item.code == "invalid-value"] == []
    assert [item for item in found if item.detail.fr == item.detail.en or not is_english(item.detail.en)] == []


def test_an_objection_of_ours_is_said_in_both_languages(french: httpx.Client, english: httpx.Client) -> None:
    body = adviser_body(initial_training={"entered_on": "2024-04-15", "ended_on": "2024-04-01"}, first_name="\x07")

    answers = [client.post("/v1/advisers", json=body) for client in (french, english)]

    said = [
        {item["code"]: item["detail"] for item in expect_problem(answer, 422, "validation-error")["errors"]}
        for answer in answers
    ]
    assert said == [
        {
            "control-character": "Ne doit pas contenir de caractère de contrôle.",
            "order": "ended_on précède entered_on.",
        },
        {"control-character": "Must not contain any control character.", "order": "ended_on is before entered_on."},
    ]


# The pages that a problem's type leads to.


@pytest.mark.parametrize("path", ["/problems", *(f"/problems/{code}" for code in PROBLEM_TYPES)])
def test_the_page_of_a_problem_is_in_the_language_of_its_reader(
    french: httpx.Client, english: httpx.Client, path: str
) -> None:
    answers = [client.get(path) for client in (french, english)]

    for answer, language in zip(answers, ("fr", "en"), strict=True):
        check_language(answer, language)
        assert f'<html lang="{language}">' in answer.text
    assert answers[0].text != answers[1].text


def test_the_page_of_a_problem_says_its_advice(english: httpx.Client) -> None:
    page = english.get("/problems/precondition-failed").text

    assert PROBLEM_TYPES["precondition-failed"].title.en in page
    assert PROBLEM_TYPES["precondition-failed"].advice.en in page
