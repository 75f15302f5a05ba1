"""What a refused request names and what does not exist: every place of it is said at once."""

from collections.abc import Mapping

from app.persistence.engine.database import Reader
from app.persistence.engine.upsert import ResourceTable

NamedReferences = Mapping[
    str, tuple[ResourceTable, object]
]  # by pointer: the table, and the key, None when nothing is named


async def unknown_references(reader: Reader, named: NamedReferences) -> tuple[str, ...]:
    """The pointers of what is not there. A look for each, so only once the request is refused anyhow."""
    given = {pointer: (kept, key) for pointer, (kept, key) in named.items() if key is not None}
    found = {pointer: await kept.read(reader, key) for pointer, (kept, key) in given.items()}
    return tuple(pointer for pointer, row in found.items() if row is None)
