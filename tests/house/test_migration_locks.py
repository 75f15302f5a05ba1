"""Migrations since the first database in service stop no writer: no index, check or column that locks a large table."""

import ast
import re
from pathlib import Path

import pytest

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
LAST_FREE = "0012"  # the former ones are as they were applied
MIGRATIONS = {path.stem: path.read_text() for path in sorted(VERSIONS.glob("*.py")) if path.name[:4] > LAST_FREE}

# By what is wrong with it, SQL that keeps writers waiting for as long as a table is large.
HEAVY_SQL = {
    "an index that is not built CONCURRENTLY": r"\b(CREATE( UNIQUE)?|DROP) INDEX (?!CONCURRENTLY)",
    "a constraint that is checked at once": r"\bADD CONSTRAINT (?!.*\b(NOT VALID|USING INDEX)\b)",
    "a table that is rewritten": r"\b(ALTER COLUMN \w+ (SET DATA )?TYPE|SET (UN)?LOGGED|CLUSTER|VACUUM FULL)\b",
    "a column that must be filled": r"\bALTER COLUMN \w+ SET NOT NULL\b",
    "rows that are written in one transaction": r"^\s*(UPDATE|DELETE FROM) ",
}

# They may be locked and written whole, for the instant that it takes.
SMALL_TABLES = {
    "carry_over": "a row for each decision of the support desk, some hundreds in all",
    "counting_mark": "one row, which the worker alone moves",
    "policy": "a row for each version, which nobody changes",
}
ON_SMALL_TABLE = re.compile(rf"\s*(UPDATE|DELETE FROM|ALTER TABLE) ({'|'.join(SMALL_TABLES)})\b", re.IGNORECASE)


def made_tables(tree: ast.AST) -> set[str]:
    """The tables that the migration makes: nobody writes to them yet."""
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "op.create_table"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def heavy_forms(source: str) -> list[str]:
    """What in this migration keeps writers waiting."""
    tree = ast.parse(source)
    found = [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != ast.get_docstring(tree)
        for name, pattern in HEAVY_SQL.items()
        if not ON_SMALL_TABLE.match(node.value)
        if re.search(pattern, node.value, re.IGNORECASE | re.DOTALL)
    ]
    return found + [
        form
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for form in _heavy(call, made_tables(tree) | set(SMALL_TABLES))
    ]


def _heavy(call: ast.Call, light: set[str]) -> list[str]:
    """`light` are the tables that may be locked."""
    name = ast.unparse(call.func)
    keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    subjects = {ast.unparse(argument).strip("'\"") for argument in call.args[:2]}
    if subjects & light:
        return []
    match name:
        case "op.create_index" | "op.drop_index":
            return [] if keywords.get("postgresql_concurrently") == "True" else [f"{name} without CONCURRENTLY"]
        case "op.create_check_constraint" | "op.create_foreign_key" | "op.create_unique_constraint":
            return [f"{name}, which checks every row behind its lock"]
        case "op.alter_column" if {"type_", "nullable"} & {*keywords}:
            return ["op.alter_column, which reads or rewrites the table"]
        case _:
            return []


@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_migration_keeps_no_writer_waiting(name: str) -> None:
    assert heavy_forms(MIGRATIONS[name]) == []


@pytest.mark.parametrize(
    "statement",
    [
        "op.create_index('ix', 'registration', ['unit'])",
        "op.drop_index('ix', 'registration')",
        "op.execute('CREATE INDEX ix ON registration (unit)')",
        "op.execute('ALTER TABLE registration ADD CONSTRAINT c CHECK (true)')",
        "op.execute('ALTER TABLE registration ALTER COLUMN unit TYPE varchar')",
        "op.execute('ALTER TABLE registration ALTER COLUMN unit SET NOT NULL')",
        "op.execute('UPDATE registration SET unit = NULL')",
        "op.alter_column('registration', 'unit', nullable=False)",
        "op.create_foreign_key('fk', 'a', 'b', ['id'], ['id'])",
        "op.execute('UPDATE registration SET unit = NULL FROM carry_over')",
        "op.execute('UPDATE policy_draft SET content = NULL')",
        "op.create_check_constraint('c', 'registration', 'carry_over')",
    ],
)
def test_red_run_a_heavy_form_is_seen(statement: str) -> None:
    assert heavy_forms(statement) != []


def test_light_forms_are_let_through() -> None:
    light = """op.create_table("fresh")
op.create_index("ix", "fresh", ["a"])
op.create_index("ix", "registration", ["unit"], postgresql_concurrently=True)
op.add_column("registration", column)
op.execute("ALTER TABLE delivery ADD CONSTRAINT c CHECK (recipient IN ('a')) NOT VALID")
op.execute("ALTER TABLE delivery VALIDATE CONSTRAINT c")
op.execute("CREATE INDEX CONCURRENTLY ix ON registration (unit)")
op.execute("UPDATE carry_over SET units = 1")
op.alter_column("carry_over", "units", nullable=False)
op.create_check_constraint("c", "carry_over", "units > 0")"""

    assert heavy_forms(light) == []
