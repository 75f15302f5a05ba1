"""Errors as `application/problem+json` (RFC 9457), in the language of the request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, NotRequired
from uuid import UUID

import orjson
from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.fields.field_types import MAX_DISPLAY_TEXT_LENGTH, DisplayText, Uri
from app.api.http.fields.text_normalisation import MAX_NAME_LENGTH, printable_name
from app.api.http.language_negotiation import etag, language_headers
from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.wording.languages import Language, Sentence

PROBLEM_MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 50  # a body of 25,000 unknown fields gets a response of a readable size
MAX_POINTER_DEPTH = 30  # more than a body may be nested

Code = Annotated[str, Field(max_length=60, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
Pointer = Annotated[
    str,
    Field(
        max_length=MAX_POINTER_DEPTH * 2 * (MAX_NAME_LENGTH + 1),
        description="RFC 6901, dans le corps ; `/` quand c’est le corps entier ; le nom d’un paramètre, sinon.",
        json_schema_extra={"format": "json-pointer"},
    ),
]

_CODE_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "payload-too-large", 415: "unsupported-media-type"}


class FieldError(TypedDict):
    """Une faute : où (`pointer`), laquelle (`code`, stable), et ce qu’il faut écrire."""

    pointer: Pointer
    code: Code
    detail: DisplayText


class ProblemResource(TypedDict):
    """Un problème (RFC 9457). `code` est stable : lisez-le, jamais les textes. `type` est une page qui l’explique."""

    type: Uri
    title: DisplayText
    status: Annotated[int, Field(ge=400, le=599)]
    detail: DisplayText
    instance: Annotated[str, Field(max_length=45, pattern="^urn:uuid:[0-9a-f-]{36}$")]
    code: Code
    errors: NotRequired[Annotated[list[FieldError], Field(max_length=MAX_ERRORS)]]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: `pointer` says where it is (RFC 6901); `code` never changes."""

    pointer: str
    code: str
    detail: Sentence

    def in_language(self, language: Language) -> FieldError:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail.in_language(language)}


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818  # the word of RFC 9457
    """`code` is one of PROBLEM_TYPES; `version` is the current one of the resource that was to be changed;
    `other_status` takes the place of the code's own."""

    code: str
    detail: Sentence
    errors: Iterable[FieldProblem] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    version: int | None = None
    other_status: int | None = None

    @property
    def status(self) -> int:
        return self.other_status or PROBLEM_TYPES[self.code].status


def json_pointer(*names: object) -> str:
    """A pointer (RFC 6901): `~` and `/` inside a name are escaped."""
    return "".join(f"/{printable_name(str(name)).replace('~', '~0').replace('/', '~1')}" for name in names)


def field_error(pointer: str, code: str, detail: Sentence) -> FieldProblem:
    return FieldProblem(pointer, code, detail)


def invalid_parameter(name: str, detail: Sentence) -> Problem:
    """The query parameter `name` is wrong, as `detail` says."""
    shown = printable_name(name)
    named = Sentence(fr=f"{shown} : {detail.fr}", en=f"{shown}: {detail.en}")
    return Problem("invalid-parameter", named, [field_error(json_pointer(name), "invalid", detail)])


def code_for_status(status: int) -> str:
    """The code of an error that the framework raised."""
    client_error = 400 <= status < 500  # noqa: PLR2004  # the class of client errors
    return _CODE_BY_STATUS.get(status, "malformed-json" if client_error else "internal-error")


def problem_response(problem: Problem, base_url: str, language: Language, request_id: UUID) -> ReplayableResponse:
    problem_type = PROBLEM_TYPES[problem.code]
    body: ProblemResource = {
        "type": f"{base_url}/problems/{problem.code}",
        "title": problem_type.title.in_language(language),
        "status": problem.status,
        "detail": problem.detail.in_language(language)[:MAX_DISPLAY_TEXT_LENGTH],
        "instance": f"urn:uuid:{request_id}",
        "code": problem.code,
    }
    if errors := [error.in_language(language) for error in problem.errors]:
        body["errors"] = errors
    headers = {
        "Content-Type": PROBLEM_MEDIA_TYPE,
        **language_headers(language),
        "Cache-Control": "no-store",
        **problem.headers,
    }
    if problem.version is not None:
        headers["ETag"] = etag(problem.version, language)
    return ReplayableResponse(problem.status, orjson.dumps(body), headers)
