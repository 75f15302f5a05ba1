"""What pydantic found wrong, field by field: a JSON pointer, a stable code, a French sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.api.problems import FieldError, Problem, field_error

# The kinds of mistake people make, by pydantic's name for them; any other is said by `_OTHERWISE`.
_CODES: Mapping[str, tuple[str, str]] = {
    "missing": ("missing", "Ce champ est requis."),
    "extra_forbidden": ("unknown-field", "Ce champ n’existe pas."),
    "uuid_parsing": ("invalid-uuid", "Doit être un UUID."),
    "uuid_type": ("invalid-uuid", "Doit être un UUID."),
    "date_format": ("invalid-date", "Doit être une date AAAA-MM-JJ."),
    "date_from_datetime_parsing": ("invalid-date", "Doit être une date du calendrier, AAAA-MM-JJ."),
    "date_parsing": ("invalid-date", "Doit être une date du calendrier, AAAA-MM-JJ."),
    "bool_parsing": ("invalid-type", "Doit être true ou false."),
    "bool_type": ("invalid-type", "Doit être true ou false."),
    "string_type": ("invalid-type", "Doit être un texte."),
    "string_unicode": ("invalid-type", "Doit être un texte Unicode valide."),
    "int_type": ("invalid-type", "Doit être un nombre entier."),
    "int_parsing": ("invalid-type", "Doit être un nombre entier."),
    "model_attributes_type": ("invalid-type", "Doit être un objet JSON."),
    "model_type": ("invalid-type", "Doit être un objet JSON."),
    "dict_type": ("invalid-type", "Doit être un objet JSON."),
    "list_type": ("invalid-type", "Doit être une liste."),
}
MOST_ERRORS = 50  # a body of 25,000 unknown fields gets an answer of a readable size
# Raised by our own validators, whose French sentences are kept; pydantic's other names are not promises.
_OURS = {
    "control_character", "date_range", "order", "payer_not_applicable", "payer_required", "siret", "supplementary",
    "term",
}  # fmt: skip
_OTHERWISE = "invalid-value"
_LEADING = {"body", "query", "path", "header"}


def _pointer(location: Sequence[int | str]) -> str:
    """RFC 6901: `~` and `/` inside a name are escaped."""
    parts = location[1:] if location and location[0] in _LEADING else location
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _sentence(error: Mapping[str, Any]) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _CODES:
        return _CODES[kind]
    match kind:
        case "enum" | "literal_error":
            return "not-one-of", f"Valeurs possibles : {context.get('expected')}.".replace(" or ", " ou ")
        case "string_too_long" | "too_long":
            return "too-long", f"Au plus {context.get('max_length')} caractères ou éléments."
        case "string_too_short" | "too_short":
            return "too-short", f"Au moins {context.get('min_length')} caractère(s) ou élément(s)."
        case "string_pattern_mismatch":
            return "invalid-format", f"Doit suivre le format {context.get('pattern')}."
        case "greater_than_equal" | "less_than_equal":
            bound = f"au moins {context['ge']}" if "ge" in context else f"au plus {context.get('le')}"
            return "out-of-range", f"Doit être {bound}."
        case _:
            if kind in _OURS:
                return kind.replace("_", "-"), _capitalised(error["msg"])
            return _OTHERWISE, "Cette valeur n’est pas acceptée ici."


def _capitalised(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}."


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """One for each mistake; what was sent is never repeated."""
    return [field_error(_pointer(error["loc"]), *_sentence(error)) for error in errors]


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    found = field_errors(errors[:MOST_ERRORS])
    names = ", ".join(dict.fromkeys(error["pointer"] or "/" for error in found))
    return Problem("validation-error", f"Champs à corriger : {names}.", found)


def request_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of a request that FastAPI could not read, by where the mistakes are."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("malformed-json", "Le corps n’est pas un document JSON valide.")
    places = {error["loc"][0] for error in errors}
    if "path" in places:
        return Problem("not-found", "Aucune ressource n’a cet identifiant.")
    if "header" in places:
        return Problem("invalid-header", "Un en-tête est mal formé.", field_errors(errors))
    if "query" in places:
        found = field_errors([error for error in errors if error["loc"][0] == "query"])
        detail = " ".join(f"{error['pointer'].lstrip('/')} : {error['detail']}" for error in found)
        return Problem("invalid-parameter", detail, found)
    return validation_problem(errors)
