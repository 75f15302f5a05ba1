"""Resources as the text of their JSON, which PostgreSQL writes: Python reads, builds and writes none of their fields.

A page of a hundred registrations so costs a third of its Python less, and PostgreSQL the same. A template is the JSON
of a resource where SQL stands for what differs from row to row; `to_sql` makes one expression of it. What has to be
worded in Python is left open between two marks: a control character, which no JSON text contains.
"""

from collections.abc import Mapping

MARK = "\x01"
_SQL = "\0"  # on both sides of each piece of SQL

Template = str


def value(sql: str) -> Template:
    """What is JSON as PostgreSQL writes it, a number for instance; never null."""
    return f"{_SQL}{sql}{_SQL}"


def boolean(sql: str) -> Template:
    """Never null."""
    return value(f"{sql}::text")


def text(sql: str) -> Template:
    """An identifier or a code: it has nothing to escape, and is never null."""
    return f'"{value(sql)}"'


def text_or_null(sql: str) -> Template:
    """The same, which may be null."""
    return value(f"coalesce('\"' || {sql} || '\"', 'null')")


def day(sql: str) -> Template:
    """Never null; the same whatever the server's `datestyle`."""
    return value(f"to_json({sql})")


def any_or_null(sql: str) -> Template:
    """What somebody has written, or a day; it may be null."""
    return value(f"coalesce(to_json({sql})::text, 'null')")


def instant(sql: str) -> Template:
    """An instant as `to_json` gives a `datetime`: six digits after the second, or none; never null."""
    written = f"""to_char({sql}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return text(f"replace({written}, '.000000Z', 'Z')")


def array(sql: str) -> Template:
    """Never null."""
    return value(f"array_to_json({sql})")


def place_for_words(*keys: str) -> Template:
    """A place left open: between its marks, the keys of the words, separated by `|`; a key that is null is empty."""
    return f"{MARK}{'|'.join(map(value, keys))}{MARK}"


def json_object(fields: Mapping[str, Template], added: Template | None = None) -> Template:
    """An object with these fields, and at the end a place where others go."""
    written = [f'"{name}":{field}' for name, field in fields.items()]
    return f"{{{','.join([*written, added] if added is not None else written)}}}"


def to_sql(template: Template) -> str:
    """The SQL that writes it, for one row."""
    parts = template.split(_SQL)
    parts[::2] = [f"'{constant}'" for constant in parts[::2]]  # constants of this program, without a quote
    return f"concat({', '.join(parts)})"
