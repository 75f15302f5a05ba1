"""`python -m app import …`, as people type it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.program import cli
from app.persistence.engine.database import Database
from app.settings import SettingsError
from tests.cli.cli_process import CLEAN_ENVIRONMENT, run_command
from tests.forks import CHECKOUT
from tests.imports.sample_files import (
    ADVISERS,
    an_adviser,
    csv_bytes,
    ndjson_bytes,
    sheet_xml,
    text_cell,
    xlsx_with_sheet_xml,
)

SETTINGS = {"SECRET_KEY": "a-secret-for-tests-that-is-long-enough"}


@pytest.fixture
def settings(database_url: str) -> dict[str, str]:
    return SETTINGS | {"DATABASE_URL": database_url}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One line is new, one wrong, and a column means nothing."""
    rows = ([*an_adviser(1), "1800"], [*an_adviser(2, date="14/03/22"), "1800"])
    path = tmp_path / "conseillers.csv"
    path.write_bytes(csv_bytes((*ADVISERS, "Salaire"), *rows, encoding="cp1252"))
    return path


async def test_a_rejected_line_is_written_beside_the_file_and_told_by_the_status(
    database: Database, settings: dict[str, str], file: Path
) -> None:
    done = run_command("import", "advisers", str(file), **settings)

    assert (done.returncode, done.stdout) == (1, "2 lignes lues, 1 importées, 0 sans changement, 1 rejetées\n")
    rejects = file.with_name("conseillers.rejects.csv")
    assert done.stderr.splitlines() == [
        "Colonnes ignorées : Salaire", f"Lignes rejetées, chacune avec son motif : {rejects}",
    ]  # fmt: skip
    assert "L’année doit avoir quatre chiffres." in rejects.read_text("utf-8-sig")
    assert len(await database.many("SELECT id FROM adviser")) == 1

    rejects.write_text(rejects.read_text("utf-8-sig").replace("14/03/22", "14/03/2022"))
    again = run_command("import", "advisers", str(rejects), "--rejects", str(file.with_name("reste.csv")), **settings)

    assert (again.returncode, again.stdout) == (0, "1 lignes lues, 1 importées, 0 sans changement, 0 rejetées\n")
    assert not file.with_name("reste.csv").exists()


async def test_a_column_that_seems_to_matter_is_the_first_thing_said_and_told_by_the_status(
    database: Database, settings: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "conseillers.csv"
    path.write_bytes(csv_bytes((*ADVISERS, "Courriel du maire", "Début FI"), [*an_adviser(1), "m@example.org", ""]))

    done = run_command("import", "advisers", str(path), **settings)

    first, second = done.stdout.splitlines()
    assert first == (
        "ATTENTION, colonnes non reconnues et non importées : « Courriel du maire » (adresse électronique ?), "
        "« Début FI » (date de formation ?)"
    )
    assert (done.returncode, second) == (1, "1 lignes lues, 1 importées, 0 sans changement, 0 rejetées")
    assert len(await database.many("SELECT id FROM adviser")) == 1


@pytest.mark.parametrize("name", ["conseillers.ndjson", "conseillers.JSONL"])
async def test_objects_are_told_by_the_name_of_the_file(
    database: Database, settings: dict[str, str], tmp_path: Path, name: str
) -> None:
    """Whatever its first line is."""
    path = tmp_path / name
    path.write_bytes(ndjson_bytes("conseillers", {"conum_id": 1, "last_name": "Exemple"}))

    done = run_command("import", "advisers", str(path), **settings)
    again = run_command("import", "advisers", str(path), **settings)

    assert (done.returncode, done.stdout) == (1, "2 lignes lues, 1 importées, 0 sans changement, 1 rejetées\n")
    assert again.stdout == "2 lignes lues, 0 importées, 1 sans changement, 1 rejetées\n"
    rejects = path.with_suffix(".rejects.csv").read_text("utf-8-sig").splitlines()
    assert rejects[1].startswith("1;;Ce n’est pas du JSON bien formé")
    assert len(await database.many("SELECT id FROM adviser")) == 1


def test_a_workbook_is_read_without_a_word_of_the_library(settings: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "conseillers.xlsx"
    unknown = '<extLst><ext uri="{00000000-0000-0000-0000-000000000000}"/></extLst></worksheet>'
    headings = f'<row r="1">{text_cell("A1", "Id conseiller")}</row>'
    path.write_bytes(xlsx_with_sheet_xml(sheet_xml(headings).replace("</worksheet>", unknown)))

    done = run_command("import", "advisers", str(path), "--dry-run", **settings)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_bar_moves_on_a_terminal(settings: dict[str, str], file: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "app", "import", "advisers", str(file), "--dry-run"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=CLEAN_ENVIRONMENT | settings, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while b"100%" not in shown:
            shown += os.read(ours, 4_096)
        process.wait(30)
    os.close(ours)

    assert b"Import" in shown


def within(*arguments: str) -> Result:
    """The command in this process, as far as it goes without a database."""
    return CliRunner().invoke(cli, ["import", *arguments])


def test_the_columns_are_shown_without_a_database() -> None:
    shown = {line.split()[0]: line for line in within("contracts", "--columns").output.splitlines()}

    assert {"conum_id", "starts_on", "employer.siret", "administrative_file.validated_on"} < shown.keys()
    assert "dateDebutDeContrat" in shown["starts_on"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("advisers",), "FICHIER : requis"),
        (("advisers", "FILE", "--rejects", "FILE"), "--rejects : un autre fichier"),
        (("certifications", "OTHER"), "Aucun intitulé de colonne n’est reconnu"),
        (("advisers", "FILE"), "DATABASE_URL : requis"),
    ],
)
def test_what_can_t_be_done_is_said_in_a_line(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)  # where no settings are
    monkeypatch.delenv("DATABASE_URL", raising=False)
    other = tmp_path / "other.csv"
    other.write_text("Salaire\n1800\n")
    places = {"FILE": str(file), "OTHER": str(other)}

    done = within(*(places.get(argument, argument) for argument in arguments))

    assert isinstance(done.exception, SettingsError)
    assert said in str(done.exception)


@pytest.mark.parametrize("arguments", [("animals", "x.csv"), ("advisers", "absent.csv")])
def test_what_does_not_exist_is_refused(arguments: tuple[str, ...]) -> None:
    assert within(*arguments).exit_code == 2
