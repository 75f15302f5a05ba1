"""What the training record reads of the catalogue."""

from pydantic import TypeAdapter

from app.domain.facts.certification import Qualification
from app.domain.facts.module import ModuleCode
from app.persistence.engine.database import Reader

QUALIFICATION: TypeAdapter[Qualification] = TypeAdapter(Qualification)


async def read_qualifications(reader: Reader) -> list[Qualification]:
    rows = await reader.many(
        "SELECT code, contains, exempts_from_initial_training, valid_from, valid_until FROM qualification ORDER BY code"
    )
    return [QUALIFICATION.validate_python(dict(row)) for row in rows]


async def read_supplementary_modules(reader: Reader) -> list[ModuleCode]:
    """The modules with a right of their own beside the quota."""
    rows = await reader.many("SELECT code FROM module WHERE supplementary ORDER BY code")
    return [ModuleCode(row["code"]) for row in rows]
