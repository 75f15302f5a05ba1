"""The type of a field in JSON, by how its cells are read: stricter than a cell, as a body of the API is."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter

from app.api.advisers.adviser_schemas import ConumId
from app.api.http.fields.field_checks import check_text, validation_error
from app.api.http.fields.field_types import CivilDate, Id
from app.imports.columns.cell_parsers import (
    CellParser,
    boolean,
    civil_day,
    identifier,
    only_in_json,
    quantity,
    whole_number,
)
from app.imports.columns.column_recognition import Column
from app.imports.files.cell_content import is_illegible
from app.wording.languages import Sentence

ILLEGIBLE_CHARACTER = Sentence(fr="Caractère illisible.", en="Unreadable character.")


def _check_legible(value: str) -> str:
    """Half of a surrogate pair is a text to Python and JSON, and to no database. Raise PydanticCustomError."""
    if is_illegible(value):
        raise validation_error("unreadable-character", ILLEGIBLE_CHARACTER)
    return value


# The models of the API check the rest of a text: whether it is a code, an address, a SIRET.
_TEXT = TypeAdapter[Any](
    Annotated[str, Field(strict=True), BeforeValidator(check_text), AfterValidator(_check_legible)]
)
_TYPES: Mapping[CellParser, TypeAdapter[Any]] = {
    civil_day: TypeAdapter(CivilDate),
    identifier: TypeAdapter(Id),
    whole_number: TypeAdapter(ConumId),
    quantity: TypeAdapter(Annotated[int, Field(strict=True)]),
    only_in_json: TypeAdapter(Any),
    boolean: TypeAdapter(Annotated[bool, Field(strict=True)]),
}


def json_type_of(column: Column) -> TypeAdapter[Any]:
    return _TYPES.get(column.reads_like or column.read, _TEXT)
