"""The metadata with its names of constraints, and the columns that tables share."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Integer, MetaData

from app.persistence.schema.personal_data_inventory import Info

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def instant_column(name: str, *, nullable: bool = False, info: Info | None = None) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, info=info)


def foreign_key(
    name: str, target: str, *, nullable: bool = False, index: bool | None = None, info: Info | None = None
) -> Column[Any]:
    return Column(name, ForeignKey(target), nullable=nullable, index=index, info=info)


def version_columns() -> tuple[Column[Any], ...]:
    """The columns of a resource with an `ETag`; instants come from the program's clock, never from the server's."""
    return Column("version", Integer, nullable=False), instant_column("created_at"), instant_column("updated_at")


def check_one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
