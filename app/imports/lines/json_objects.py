"""The values of a JSON object by the names of fields, each of the type that the API asks for.

Objects are nested as in the API, or their fields are named with dots: `employer.siret`. As in a merge patch (RFC 7396),
null erases a field, or all fields of an object, and a field that is absent stays.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from app.api.http.bodies.limited_body import NESTED_TOO_DEEPLY
from app.api.http.fields.text_normalisation import printable_name
from app.api.http.problems.validation_problems import field_problems
from app.imports.columns.column_recognition import Column
from app.imports.lines.json_types import json_type_of

NOT_AN_OBJECT = "Chaque ligne est un objet JSON : elle commence par { et finit par }."
UNKNOWN_FIELD = "Ce champ n’existe pas."
GIVEN_TWICE = "Donné deux fois ; donnez-le une fois."
OBJECT_EXPECTED = "Doit être un objet JSON."

Report = Callable[[str, str | None], None]
"""Called with what is wrong, in French, and the name of the field; None for the whole line."""


class NotJson(Exception):  # noqa: N818  # an answer to the author of the file
    """A line that is no JSON; the message says in French why."""


class _Pairs(list[tuple[str, Any]]):
    """The fields of an object as they are written, so that one given twice is seen."""


def parse_json(text: str) -> Any:
    """JSON as RFC 8259 has it, its objects as pairs. Raise NotJson."""
    try:
        return json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise NotJson(f"Ce n’est pas du JSON bien formé, au caractère {error.colno}.") from None
    except (ValueError, RecursionError):
        raise NotJson("Ce n’est pas du JSON bien formé.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


class ObjectReader:
    """Reads the objects of one kind of import."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._types = {column.name: json_type_of(column) for column in columns if not column.only_in_spreadsheets}
        self._objects = {name.rpartition(".")[0] for name in self._types} - {""}

    def read(self, content: Any, report: Report) -> dict[str, Any]:
        """The values that are right, while what is wrong is reported."""
        if not isinstance(content, _Pairs):
            report(NOT_AN_OBJECT, None)
            return {}
        values: dict[str, Any] = {}
        for name, value in self._fields(content, report):
            if name in values:
                report(GIVEN_TWICE, name)
            else:
                values[name] = self._value(name, value, report)
        return values

    def _fields(self, pairs: _Pairs, report: Report, outer: str = "") -> Iterator[tuple[str, Any]]:
        for key, value in pairs:
            name = f"{outer}{key}"
            if name in self._types:
                yield name, value
            elif name not in self._objects:
                report(UNKNOWN_FIELD, printable_name(name))
            elif isinstance(value, _Pairs):
                yield from self._fields(value, report, f"{name}.")
            elif value is None:
                yield from ((inner, None) for inner in self._types if inner.startswith(f"{name}."))
            else:
                report(OBJECT_EXPECTED, name)

    def _value(self, name: str, value: Any, report: Report) -> Any:
        """The value as its type reads it; None for null, and when it was reported."""
        if value is None:
            return None
        try:
            return self._types[name].validate_python(_plain(value))
        except ValidationError as error:
            for problem in field_problems(error.errors(include_url=False)):
                report(problem.detail.fr, name)
        except RecursionError:
            report(NESTED_TOO_DEEPLY.fr, name)
        return None


def _plain(value: Any) -> Any:
    """With objects as such."""
    if isinstance(value, _Pairs):
        return {key: _plain(inner) for key, inner in value}
    return [*map(_plain, value)] if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType]  # JSON
