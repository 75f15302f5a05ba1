"""The errors that pydantic found, as a problem: for each field a JSON pointer, a stable code and a sentence."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.api.http.fields import validation_messages
from app.api.http.problems.problem_details import MAX_ERRORS, FieldProblem, Problem, field_error, json_pointer
from app.wording.languages import Sentence

CodedMessage = tuple[str, Sentence]  # the code, which never changes, and what people read

_TEXT = "invalid-type", Sentence(fr="Doit être un texte.", en="Must be a text.")
_BOOLEAN = "invalid-type", Sentence(fr="Doit être true ou false.", en="Must be true or false.")
_INTEGER = "invalid-type", Sentence(fr="Doit être un nombre entier.", en="Must be an integer.")
_OBJECT = "invalid-type", Sentence(fr="Doit être un objet JSON.", en="Must be a JSON object.")
_UUID = "invalid-uuid", validation_messages.UUID
_DATE = "invalid-date", validation_messages.CALENDAR_DATE
_INSTANT = "invalid-instant", validation_messages.INSTANT
# By pydantic's name for each kind of error; _DEFAULT_MESSAGE is for any other.
_MESSAGES: Mapping[str, CodedMessage] = {
    "missing": ("missing", Sentence(fr="Ce champ est requis.", en="This field is required.")),
    "extra_forbidden": ("unknown-field", Sentence(fr="Ce champ n’existe pas.", en="This field does not exist.")),
    "uuid_parsing": _UUID,
    "uuid_type": _UUID,
    "date_from_datetime_parsing": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_type": _INSTANT,
    "timezone_aware": _INSTANT,
    "bool_parsing": _BOOLEAN,
    "bool_type": _BOOLEAN,
    "string_type": _TEXT,
    "string_unicode": (
        "invalid-type",
        Sentence(fr="Doit être un texte Unicode valide.", en="Must be a valid Unicode text."),
    ),
    "int_from_float": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_type": _INTEGER,
    "model_attributes_type": _OBJECT,
    "model_type": _OBJECT,
    "dict_type": _OBJECT,
    "value_error": ("invalid-type", Sentence(fr="Doit être un fichier.", en="Must be a file.")),
    "list_type": ("invalid-type", Sentence(fr="Doit être une liste.", en="Must be a list.")),
}
_DEFAULT_MESSAGE = (
    "invalid-value",
    Sentence(fr="Cette valeur n’est pas acceptée ici.", en="This value is not accepted here."),
)
# Of the values that pydantic expects: each as JSON writes it, without its Python name.
_QUOTED = re.compile(r"'([^']*)'")
_LOCATION_PREFIXES = {"body", "query", "path", "header"}
_WHOLE_BODY = "/"  # the pointer of an error of the whole body, since a pointer is never empty


def _pointer(location: Sequence[int | str], at: str | None) -> str:
    """`at` is the field that the validator of a whole object names, or the way to it, as in `hours/0/on`."""
    if location[-1:] == ("[key]",):  # pydantic: the key itself is wrong
        location = location[:-1]
    names = location[1:] if location and location[0] in _LOCATION_PREFIXES else location
    return json_pointer(*names, *(at.split("/") if at else ())) or _WHOLE_BODY


def _message(kind: str, context: Mapping[str, Any]) -> CodedMessage:
    """`context` holds the bound that was exceeded, or the sentence of a `validation_error`."""
    match kind:
        case "enum" | "literal_error":
            values = ", ".join(_QUOTED.findall(str(context["expected"])))
            return "not-one-of", Sentence(fr=f"Valeurs possibles : {values}.", en=f"Possible values: {values}.")
        case "string_too_long":
            most = context["max_length"]
            return "too-long", Sentence(fr=f"Au plus {most} caractères.", en=f"At most {most} characters.")
        case "too_long":
            most = context["max_length"]
            return "too-long", Sentence(fr=f"Au plus {most} éléments.", en=f"At most {most} items.")
        case "string_too_short":
            least = context["min_length"]
            return "too-short", Sentence(fr=f"Au moins {least} caractère(s).", en=f"At least {least} character(s).")
        case "too_short":
            least = context["min_length"]
            return "too-short", Sentence(fr=f"Au moins {least} élément(s).", en=f"At least {least} item(s).")
        case "string_pattern_mismatch":  # a pattern tells people nothing
            return "invalid-format", validation_messages.INVALID_FORMAT
        case "greater_than_equal":
            least = context["ge"]
            return "out-of-range", Sentence(fr=f"Doit être au moins {least}.", en=f"Must be at least {least}.")
        case "less_than_equal":
            most = context["le"]
            return "out-of-range", Sentence(fr=f"Doit être au plus {most}.", en=f"Must be at most {most}.")
        case _:
            said = context.get("said")
            return (kind, said) if isinstance(said, Sentence) else _MESSAGES.get(kind, _DEFAULT_MESSAGE)


def field_problems(errors: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """One for each error; the values that were sent are never repeated."""
    return [_field_problem(error["loc"], error["type"], error.get("ctx", {})) for error in errors]


def _field_problem(location: Sequence[int | str], kind: str, context: Mapping[str, Any]) -> FieldProblem:
    pointer = _pointer(location, context.get("at"))
    if pointer == _WHOLE_BODY and kind == "missing":
        return field_error(pointer, "missing", validation_messages.BODY_REQUIRED)
    return field_error(pointer, *_message(kind, context))


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    found = field_problems(errors[:MAX_ERRORS])
    names = ", ".join(dict.fromkeys(error.pointer for error in found))
    return Problem(
        "validation-error", Sentence(fr=f"Champs à corriger : {names}.", en=f"Fields to correct: {names}."), found
    )


def request_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of a request that FastAPI could not read, according to where its errors are."""
    if any(error["type"] == "json_invalid" for error in errors):
        detail = Sentence(fr="Le corps n’est pas un document JSON valide.", en="The body is not a valid JSON document.")
        return Problem("malformed-json", detail)
    places = {error["loc"][0] for error in errors}
    if "path" in places:
        detail = Sentence(fr="Aucune ressource n’a cet identifiant.", en="No resource has this identifier.")
        return Problem("not-found", detail)
    if "header" in places:
        detail = Sentence(fr="Un en-tête est mal formé.", en="A header is malformed.")
        return Problem("invalid-header", detail, field_problems(errors))
    if "query" in places:
        found = field_problems([error for error in errors if error["loc"][0] == "query"])
        return Problem("invalid-parameter", _parameter_details(found), found)
    return validation_problem(errors)


def _parameter_details(errors: Sequence[FieldProblem]) -> Sentence:
    named = [(error.pointer.lstrip("/"), error.detail) for error in errors]
    french = " ".join(f"{name} : {detail.fr}" for name, detail in named)
    english = " ".join(f"{name}: {detail.en}" for name, detail in named)
    return Sentence(fr=french, en=english)
