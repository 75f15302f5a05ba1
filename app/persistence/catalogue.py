"""The catalogue: modules, qualifications and training organisations."""

from pydantic import TypeAdapter

from app.domain.facts.certification import Qualification
from app.domain.facts.module import Module, ModuleCode
from app.domain.facts.training_organisation import TrainingOrganisation
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.upsert import ResourceTable

MODULES = ResourceTable("module", "code")
QUALIFICATIONS = ResourceTable("qualification", "code")
TRAINING_ORGANISATIONS = ResourceTable("training_organisation")

MODULE: TypeAdapter[Module] = TypeAdapter(Module)
ORGANISATION: TypeAdapter[TrainingOrganisation] = TypeAdapter(TrainingOrganisation)
QUALIFICATION: TypeAdapter[Qualification] = TypeAdapter(Qualification)

# JSON in the shape of the domain's values.
MODULE_FACTS = """json_build_object('code', m.code, 'kind', m.kind, 'open_from', m.open_from,
    'open_until', m.open_until, 'supplementary', m.supplementary, 'prerequisite', m.prerequisite)"""
ORGANISATION_FACTS = "json_build_object('id', o.id, 'deliveries', o.deliveries)"

READ_MODULES = f"SELECT m.title, {MODULE_FACTS} AS facts FROM module m"
READ_ORGANISATIONS = f"SELECT o.name, {ORGANISATION_FACTS} AS facts FROM training_organisation o"


async def read_modules(reader: Reader) -> list[tuple[Module, str]]:
    """Every module with its title."""
    rows = await reader.many(READ_MODULES)
    return [(MODULE.validate_json(row["facts"]), row["title"]) for row in rows]


async def read_organisations(reader: Reader) -> list[tuple[TrainingOrganisation, str]]:
    """Every training organisation with its name."""
    rows = await reader.many(READ_ORGANISATIONS)
    return [(ORGANISATION.validate_json(row["facts"]), row["name"]) for row in rows]


async def read_qualifications(reader: Reader) -> list[Qualification]:
    rows = await reader.many(
        "SELECT code, contains, exempts_from_initial_training, valid_from, valid_until FROM qualification ORDER BY code"
    )
    return [QUALIFICATION.validate_python(dict(row)) for row in rows]


async def read_supplementary_modules(reader: Reader) -> list[ModuleCode]:
    """The modules that have an entitlement of their own beside the quota."""
    rows = await reader.many("SELECT code FROM module WHERE supplementary ORDER BY code")
    return [ModuleCode(row["code"]) for row in rows]


async def add_qualification(transaction: Transaction, columns: tuple[object, ...]) -> None:
    """Insert the columns of a qualification, in the table's order; one already there stays as it is."""
    await transaction.run("INSERT INTO qualification VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING", *columns)
