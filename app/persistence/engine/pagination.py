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
        values = list[Any]()
        page = f"{select}{self._following_rows(table_alias, values)}"
        found = await reader.one(f"SELECT json_agg(page) AS rows FROM ({page}) page", *values)
        rows: list[Row] = orjson.loads(found["rows"]) if found and found["rows"] else []
        shown = rows[: self.limit]
        keys = tuple(shown[-1][column] for column in self.order) if shown else ()
        return PageRows(shown, keys, has_more=len(rows) > self.limit)

    async def fetch_texts(self, reader: Reader, source: "TextSource", *parameters: object) -> "PageTexts":
        """The same page, each row as the text that `source` makes of it; `parameters` are `$1` and following there."""
        values, alias = [*parameters], source.alias
        rows = f"SELECT * FROM {source.table} {alias}{self._following_rows(alias, values)}"
        columns = ", ".join(f"{alias}.{column}" for column in self.order)
        page = (
            f"SELECT {source.text} AS text, {source.subject}::text AS subject, {columns} "
            f"FROM ({rows}) {alias} {source.joined}{self._in_order(alias)}"
        )
        last = f"least(count(*), ${len(values)} - 1)::int"
        keys = ", ".join(f"(array_agg(page.{column}))[{last}]" for column in self.order)
        found = await reader.one(
            "SELECT array_agg(text) AS texts, array_agg(subject) AS subjects, "
            f"json_build_array({keys}) AS last_keys FROM ({page}) page",
            *values,
        )
        if found is None or found["texts"] is None:
            return PageTexts((), (), (), has_more=False)
        texts, last_keys = found["texts"], tuple(orjson.loads(found["last_keys"]))
        return PageTexts(
            texts[: self.limit], found["subjects"][: self.limit], last_keys, has_more=len(texts) > self.limit
        )

    def _in_order(self, table_alias: str) -> str:
        way = " DESC" if self.newest_first else ""
        return f" ORDER BY {', '.join(f'{table_alias}.{column}{way}' for column in self.order)}"

    def _following_rows(self, table_alias: str, values: list[Any]) -> str:
        """SQL for which rows are read, one more than the page shows; its parameters are added to `values`."""
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
        return f"{where}{self._in_order(table_alias)} LIMIT ${len(values)}"


@dataclass(frozen=True, slots=True)
class PageRows:
    """The rows of a page, the keys of the last one, and whether others follow."""

    rows: Sequence[Row]
    last_keys: tuple[str, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class TextSource:
    """SQL that makes one text of each row of `table`, known as `alias`. `joined` adds what else the text is made from,
    exactly one row to each; `subject` is the adviser that the row is about."""

    table: str
    alias: str
    joined: str
    text: str
    subject: str


@dataclass(frozen=True, slots=True)
class PageTexts:
    """The rows of a page as texts, whom each is about, the keys of the last one, and whether others follow."""

    texts: Sequence[str]
    subjects: Sequence[str]
    last_keys: tuple[str, ...]
    has_more: bool
