"""Every table declares the personal data it holds: what is not declared is in no export, erasure or register."""

from html import unescape

import httpx
import pytest
from sqlalchemy import ForeignKey, Table
from sqlalchemy.dialects.postgresql import ARRAY

from app.persistence.schema.personal_data_inventory import SHARED_LABELS, erased_columns, inventory_entry_of, label_of
from app.persistence.schema.personal_data_statements import PERSONAL_DATA_TABLES
from app.persistence.schema.tables.all_tables import metadata

TABLES = tuple(metadata.tables.values())
every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
FED_BY_IDS = {"feed_entry"}  # the place of an event, and nothing of the event


def refers_to_an_adviser(table: Table) -> bool:
    """Whether it has a column `adviser_id`, or a foreign key to a table that does."""
    keys: list[ForeignKey] = [key for column in table.columns for key in column.foreign_keys]
    owners = {key.column.table for key in keys} - {table}
    return table.name == "adviser" or "adviser_id" in table.columns or any(map(refers_to_an_adviser, owners))


@every_table
def test_a_table_says_what_it_holds_on_people_or_that_it_holds_nothing(table: Table) -> None:
    assert (inventory_entry_of(table) is None) != (table.info.get("nobody") is None), (
        f"{table.name}: holds(…) or names_nobody(…)"
    )


@every_table
def test_a_table_that_refers_to_an_adviser_is_in_the_export(table: Table) -> None:
    assert not refers_to_an_adviser(table) or table.name in {*PERSONAL_DATA_TABLES} | FED_BY_IDS, (
        f"{table.name}: holds(…)"
    )


@pytest.mark.parametrize(
    "table", [table for table in TABLES if inventory_entry_of(table)], ids=lambda table: table.name
)
def test_each_of_its_columns_is_told_or_says_why_not(table: Table) -> None:
    for column in table.columns:
        assert "label" in column.info or column.name in SHARED_LABELS, f"{column}: said(…), erased(…) or unsaid(…)"
        assert label_of(column) or column.info["why"]


@every_table
def test_what_must_not_be_null_leaves_something(table: Table) -> None:
    for column in erased_columns(table):
        assert column.nullable or column.info["leaving"], str(column)
        assert not column.primary_key
        assert not isinstance(column.type, ARRAY)


def test_only_holders_of_something_erase() -> None:
    assert {table.name for table in TABLES if erased_columns(table)} <= {*PERSONAL_DATA_TABLES}
    assert len(PERSONAL_DATA_TABLES) >= 11


def test_the_register_of_processing_has_every_table(platform: httpx.Client) -> None:
    page = unescape(platform.get("/privacy").raise_for_status().text)

    told = [entry.title for table in TABLES if (entry := inventory_entry_of(table))]
    told += [table.info["nobody"] for table in TABLES if "nobody" in table.info]
    assert [title for title in told if title not in page] == []
    assert {"Places", "Sessions modifiées", "les sessions publiées"} <= {*told}


def test_two_columns_of_a_table_have_different_labels() -> None:
    for table, _ in PERSONAL_DATA_TABLES.values():
        labels = [label for column in table.columns if (label := label_of(column))]
        assert len(labels) == len({*labels}), table.name
