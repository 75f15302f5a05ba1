"""Which references of a request name nothing that exists: all of them are reported at once."""

from collections.abc import Mapping

from app.persistence.engine.database import Reader
from app.persistence.engine.upsert import ResourceTable

NamedReferences = Mapping[str, tuple[ResourceTable, object]]
"""By JSON pointer: the table, and the key, None when the request names none."""


async def unknown_references(reader: Reader, named: NamedReferences) -> tuple[str, ...]:
    """The pointers of those that do not exist. One statement each: for requests that are refused anyhow."""
    given = {pointer: (table, key) for pointer, (table, key) in named.items() if key is not None}
    found = {pointer: await table.read(reader, key) for pointer, (table, key) in given.items()}
    return tuple(pointer for pointer, row in found.items() if row is None)
