"""What pydantic found wrong, field by field: a JSON pointer, a stable code, a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.api.problems import MOST_ERRORS, Problem, WrongField, field_error, pointer_to
from app.wording.languages import Sentence

Mistake = tuple[str, Sentence]  # the code, which is a promise, and what people read

_TEXT = "invalid-type", Sentence(fr="Doit être un texte.", en="Must be a text.")
_BOOLEAN = "invalid-type", Sentence(fr="Doit être true ou false.", en="Must be true or false.")
_INTEGER = "invalid-type", Sentence(fr="Doit être un nombre entier.", en="Must be an integer.")
_OBJECT = "invalid-type", Sentence(fr="Doit être un objet JSON.", en="Must be a JSON object.")
_UUID = "invalid-uuid", Sentence(fr="Doit être un UUID.", en="Must be a UUID.")
_DATE = (
    "invalid-date",
    Sentence(fr="Doit être une date du calendrier, AAAA-MM-JJ.", en="Must be a calendar date, YYYY-MM-DD."),
)
_INSTANT = (
    "invalid-instant",
    Sentence(fr="Doit être un instant RFC 3339 avec son décalage.", en="Must be an RFC 3339 instant with its offset."),
)
# The kinds of mistake people make, by pydantic's name for them; any other is said by `_OTHERWISE`.
_MISTAKES: Mapping[str, Mistake] = {
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
_OTHERWISE = "invalid-value", Sentence(fr="Cette valeur n’est pas acceptée ici.", en="This value is not accepted here.")
_LEADING = {"body", "query", "path", "header"}


def _pointer(location: Sequence[int | str]) -> str:
    if location[-1:] == ("[key]",):  # how pydantic says that the name itself is wrong
        location = location[:-1]
    return pointer_to(*(location[1:] if location and location[0] in _LEADING else location))


def _mistake(kind: str, context: Mapping[str, Any]) -> Mistake:
    """`context` holds the bounds that were not kept, or the sentence of an `objection`."""
    match kind:
        case "enum" | "literal_error":
            values = str(context["expected"]).replace(" or ", ", ")  # pydantic lists them in English
            return "not-one-of", Sentence(fr=f"Valeurs possibles : {values}.", en=f"Possible values: {values}.")
        case "string_too_long" | "too_long":
            most = context["max_length"]
            said = Sentence(fr=f"Au plus {most} caractères ou éléments.", en=f"At most {most} characters or items.")
            return "too-long", said
        case "string_too_short" | "too_short":
            least = context["min_length"]
            said = Sentence(
                fr=f"Au moins {least} caractère(s) ou élément(s).", en=f"At least {least} character(s) or item(s)."
            )
            return "too-short", said
        case "string_pattern_mismatch":
            pattern = context["pattern"]
            said = Sentence(fr=f"Doit suivre le format {pattern}.", en=f"Must follow the format {pattern}.")
            return "invalid-format", said
        case "greater_than_equal":
            least = context["ge"]
            return "out-of-range", Sentence(fr=f"Doit être au moins {least}.", en=f"Must be at least {least}.")
        case "less_than_equal":
            most = context["le"]
            return "out-of-range", Sentence(fr=f"Doit être au plus {most}.", en=f"Must be at most {most}.")
        case _:
            objection = context.get("said")
            return (kind, objection) if isinstance(objection, Sentence) else _MISTAKES.get(kind, _OTHERWISE)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[WrongField]:
    """One for each mistake; what was sent is never repeated."""
    return [field_error(_pointer(error["loc"]), *_mistake(error["type"], error.get("ctx", {}))) for error in errors]


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    found = field_errors(errors[:MOST_ERRORS])
    names = ", ".join(dict.fromkeys(error.pointer or "/" for error in found))
    return Problem(
        "validation-error", Sentence(fr=f"Champs à corriger : {names}.", en=f"Fields to correct: {names}."), found
    )


def request_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of a request that FastAPI could not read, by where the mistakes are."""
    if any(error["type"] == "json_invalid" for error in errors):
        detail = Sentence(fr="Le corps n’est pas un document JSON valide.", en="The body is not a valid JSON document.")
        return Problem("malformed-json", detail)
    places = {error["loc"][0] for error in errors}
    if "path" in places:
        detail = Sentence(fr="Aucune ressource n’a cet identifiant.", en="No resource has this identifier.")
        return Problem("not-found", detail)
    if "header" in places:
        detail = Sentence(fr="Un en-tête est mal formé.", en="A header is malformed.")
        return Problem("invalid-header", detail, field_errors(errors))
    if "query" in places:
        found = field_errors([error for error in errors if error["loc"][0] == "query"])
        return Problem("invalid-parameter", _parameters(found), found)
    return validation_problem(errors)


def _parameters(wrong: Sequence[WrongField]) -> Sentence:
    named = [(error.pointer.lstrip("/"), error.detail) for error in wrong]
    french = " ".join(f"{name} : {detail.fr}" for name, detail in named)
    english = " ".join(f"{name}: {detail.en}" for name, detail in named)
    return Sentence(fr=french, en=english)
