"""Which column holds which field, whatever system named it."""

import pytest

from app.imports.columns.column_recognition import ColumnSet
from app.imports.files.cell_content import fold_text
from app.imports.files.spreadsheet import FileRefused
from app.imports.kinds.accepted_columns import ACCEPTED_COLUMNS
from app.persistence.administration.import_kind import ImportKind

EVERY_KIND = pytest.mark.parametrize("columns", ACCEPTED_COLUMNS.values(), ids=ACCEPTED_COLUMNS)


def names(columns: ColumnSet, *headings: str) -> list[str]:
    return [column.name for column in columns.recognise(headings).columns.values()]


@EVERY_KIND
def test_no_heading_means_two_things(columns: ColumnSet) -> None:
    headings = [
        fold_text(heading)
        for column in columns.all
        for heading in {fold_text(column.name), *map(fold_text, column.headings)}
    ]

    assert len(headings) == len(set(headings))


@pytest.mark.parametrize(
    ("kind", "heading", "name"),
    [
        (ImportKind.ADVISERS, "Id conseiller", "conum_id"),
        (ImportKind.ADVISERS, "idPG", "conum_id"),
        (ImportKind.ADVISERS, "cn_pg_id", "conum_id"),
        (ImportKind.ADVISERS, "PRENOM", "first_name"),
        (ImportKind.ADVISERS, "codeDepartement", "department"),
        (ImportKind.ADVISERS, "Date de début formation", "initial_training.entered_on"),
        (ImportKind.ADVISERS, "datePrisePoste", "initial_training.entered_on"),
        (ImportKind.ADVISERS, "dateFinDeFormation", "initial_training.ended_on"),
        (ImportKind.ADVISERS, "dateFinFormation", "initial_training.ended_on"),
        (ImportKind.CONTRACTS, "typeDeContrat", "type"),
        (ImportKind.CONTRACTS, "dateDebutDeContrat", "starts_on"),
        (ImportKind.CONTRACTS, "date_fin", "ends_on"),
        (ImportKind.CONTRACTS, "date_rupture", "terminated_on"),
        (ImportKind.CONTRACTS, "motifRupture", "termination_motive"),
        (ImportKind.CONTRACTS, "employer.siret", "employer.siret"),
        (ImportKind.CONTRACTS, "publique", "employer.legal_form"),
        (ImportKind.CONTRACTS, "ds_file_number", "administrative_file.ds_file_number"),
        (ImportKind.CERTIFICATIONS, "certifie", "outcome"),
        (ImportKind.REGISTRATIONS, "session.starts_on", "session.starts_on"),
    ],
)
def test_a_heading_of_a_neighbouring_system_is_recognised(kind: ImportKind, heading: str, name: str) -> None:
    assert names(ACCEPTED_COLUMNS[kind], heading) == [name]


def test_two_columns_that_say_the_same_are_not_chosen_from() -> None:
    with pytest.raises(FileRefused) as stopped:
        names(ACCEPTED_COLUMNS[ImportKind.ADVISERS], "Email", "Courriel", "Nom")

    assert stopped.value.code == "ambiguous-columns"
    assert "Email, Courriel" in stopped.value.message.fr


def test_a_file_of_unknown_columns_is_told_the_known_ones() -> None:
    with pytest.raises(FileRefused) as stopped:
        names(ACCEPTED_COLUMNS[ImportKind.ADVISERS], "Salaire", "Téléphone")

    assert stopped.value.code == "unknown-columns"
    assert "conum_id" in stopped.value.message.en


def test_a_column_that_means_nothing_is_named() -> None:
    recognised = ACCEPTED_COLUMNS[ImportKind.ADVISERS].recognise(["Nom", "Salaire", "", "Motif du rejet"])

    assert recognised.ignored == ("Salaire",)
