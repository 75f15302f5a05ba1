"""The tables of the catalogue: training organisations, modules, qualifications and funding policies."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from app.persistence.schema.personal_data_inventory import disclosed, no_personal_data, personal_data
from app.persistence.schema.tables.shared_columns import check_one_of, instant_column, metadata, version_columns

training_organisation = Table(
    "training_organisation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, info=disclosed("Nom de l’organisme")),
    Column("email", Text, nullable=False, info=disclosed("Adresse électronique de l’organisme")),
    Column("deliveries", JSON, nullable=False, info=disclosed("Formations dispensées")),
    *version_columns(),
    info=personal_data(
        "Organismes de formation",
        purpose="savoir qui forme, et écrire à l’organisme",
        kept_for="tant que l’organisme forme des conseillers",
        rows=None,
    ),
)

module = Table(
    "module",
    metadata,
    Column("code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("hours", Integer, nullable=False),
    Column("formats", ARRAY(Text), nullable=False),
    Column("open_from", Date),
    Column("open_until", Date),
    Column("supplementary", Boolean, nullable=False),
    Column("prerequisite", Text, nullable=False),
    *version_columns(),
    check_one_of("kind", "initial_training", "thematic", "full_title"),
    check_one_of("prerequisite", "none", "aidants_connect"),
    CheckConstraint("NOT supplementary OR kind = 'thematic'", name="supplementary"),
    info=no_personal_data("le catalogue des formations"),
)

qualification = Table(
    "qualification",
    metadata,
    Column("code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("contains", ARRAY(Text), nullable=False),
    Column("exempts_from_initial_training", Boolean, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    info=no_personal_data("le catalogue des titres"),
)

policy = Table(
    "policy",
    metadata,
    Column("version", Text, primary_key=True),
    Column("effective_from", Date, nullable=False, unique=True),
    Column("content", JSON, nullable=False),
    instant_column("created_at"),
    info=no_personal_data("les règles de financement"),
)
