"""Keyset pagination: a total order (sort column, id), and filters composed with numbered parameters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.persistence.engine.driver_types import Row
from app.persistence.engine.readers import Reader

MAX_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition: `{}` stands for the parameter and `{t}` for the table, as in `{t}.status = {}`."""

    sql: str
    value: Any


@dataclass(frozen=True, slots=True)
class PageQuery:
    """At most `limit` rows (1 to 500) after the keys of the last row seen, ordered by `sort` when given, then by `key`;
    descending with `newest_first`.

    PostgreSQL writes the page as one JSON text: a hundred rows decoded column by column cost three times the processor.
    """

    limit: int
    sort: str | None = None
    key: str = "id"
    after: tuple[datetime | str, ...] | None = None
    filters: Sequence[Filter] = field(default_factory=tuple)
    newest_first: bool = False

    @property
    def order(self) -> tuple[str, ...]:
        return (self.sort, self.key) if self.sort else (self.key,)

    async def fetch(self, reader: Reader, select: str, table_alias: str) -> "PageRows":
        values: list[Any] = []
        conditions: list[str] = []
        for item in self.filters:
            values.append(item.value)
            conditions.append(item.sql.format(f"${len(values)}", t=table_alias))
        order = [f"{table_alias}.{column}" for column in self.order]
        if self.after is not None:
            places = [f"${len(values) + place}" for place, _ in enumerate(self.after, start=1)]
            values += self.after
            following = "<" if self.newest_first else ">"
            conditions.append(f"({', '.join(order)}) {following} ({', '.join(places)})")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        values.append(self.limit + 1)
        way = " DESC" if self.newest_first else ""
        page = f"{select}{where} ORDER BY {f'{way}, '.join(order)}{way} LIMIT ${len(values)}"
        found = await reader.one(f"SELECT json_agg(page) AS rows FROM ({page}) page", *values)
        rows: list[Row] = orjson.loads(found["rows"]) if found and found["rows"] else []
        shown = rows[: self.limit]
        keys = tuple(shown[-1][column] for column in self.order) if shown else ()
        return PageRows(shown, keys, has_more=len(rows) > self.limit)


@dataclass(frozen=True, slots=True)
class PageRows:
    """The rows of a page, the keys of the last one, and whether others follow."""

    rows: Sequence[Row]
    last_keys: tuple[str, ...]
    has_more: bool
