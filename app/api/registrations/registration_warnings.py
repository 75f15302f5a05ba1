"""What prevents nothing about a registration, and is worth knowing."""

from typing import Annotated, Literal
from uuid import UUID

import orjson
from pydantic import Field
from typing_extensions import TypedDict

MAX_WARNINGS = 500


class WarningResource(TypedDict):
    """Ce qui n’empêche rien et mérite d’être su : `overlaps`, une autre inscription du conseiller partage un jour avec
    celle-ci. Un organisme de formation n’y voit que les siennes."""

    code: Literal["overlaps"]
    registration_id: UUID


Warnings = Annotated[list[WarningResource], Field(max_length=MAX_WARNINGS)]


def warning_resources(overlaps: str | None, owner: UUID | None) -> list[WarningResource]:
    """Of the column `overlaps` of `registrations.FIND`."""
    others: list[dict[str, str]] = orjson.loads(overlaps) if overlaps else []
    return [
        {"code": "overlaps", "registration_id": UUID(other["registration_id"])}
        for other in others
        if owner is None or UUID(other["training_organisation_id"]) == owner
    ]
