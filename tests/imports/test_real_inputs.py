"""Small files of the shapes that people really have, one of each kind: what is taken in, and what is given back."""

from datetime import date
from typing import Any, NamedTuple

import pytest

from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from tests.imports.sample_files import SIRET, counts, csv_bytes, import_file, reasons, stored_advisers

ADVISERS, CONTRACTS = ImportKind.ADVISERS, ImportKind.CONTRACTS
NUMBERS = (910103, 910104, 910105, 910106, 910110, 910111)
CONTRACT = (
    "conum_id", "type", "starts_on", "ends_on", "SIRET", "Nom structure", "Public/privé", "ds_file_number",
    "contract_uploaded_on", "validated_on",
)  # fmt: skip
DS = "administrative_file.ds_file_number"


class SampleFile(NamedTuple):
    """A file; how many lines it leaves imported, unchanged and rejected; and the fields at fault by their lines."""

    kind: ImportKind
    content: bytes
    counts: tuple[int, int, int]
    faults: dict[int, list[str | None]]


def contract(number: int | str, **cells: str) -> tuple[Any, ...]:
    row = {name: "18/07/2022" if name.endswith("_on") else "" for name in CONTRACT}
    known = {"conum_id": number, "type": "CDI", "SIRET": SIRET, "Nom structure": "Commune", "Public/privé": "public"}
    return (*(row | {"ends_on": "", "ds_file_number": "1234567"} | known | cells).values(),)


def adviser(number: int, email: str, department: str = "35", first_name: str = "Jean") -> tuple[Any, ...]:
    return number, first_name, f"N{number}", email, department


PERSON = ("conum_id", "first_name", "last_name", "email", "department")
WORDS = ("Non renseigné", "-", "en cours", "0", "#N/D", "néant")
FILES = {
    "words in the place of a file number": SampleFile(
        CONTRACTS,
        csv_bytes(
            CONTRACT, *(contract(number, ds_file_number=word) for number, word in zip(NUMBERS, WORDS, strict=True))
        ),
        (3, 0, 3),
        {4: [DS], 5: [DS], 6: [DS]},
    ),
    "invisible characters in contracts": SampleFile(
        CONTRACTS,
        csv_bytes(
            CONTRACT,
            contract(910103, starts_on="\u200e18/\u200e07/\u200e2022"),
            contract("910104\u202c"),
            contract(910105, SIRET="213\u202f502\u202f388\u202f00019\u200b"),
            contract(910106, ds_file_number="\u200e1234567"),
        ),
        (4, 0, 0),
        {},
    ),
    "addresses and departments": SampleFile(
        ADVISERS,
        csv_bytes(
            PERSON,
            adviser(910201, "\u00a0 Anne.O@Example.org\u200b"),
            adviser(910202, "helene202@example.org", "2a", "He\u0301le\u0300ne"),
            adviser(910203, "noemie+formation@exemple.fr", "2B "),
            adviser(910206, "Jean MARTIN <jean.martin@example.org>"),
            adviser(910208, "a@example.org / b@example.org"),
            adviser(910210, "d210@example.org", "35 - Ille-et-Vilaine"),
            adviser(910211, "d211@example.org", "Ille-et-Vilaine"),
            adviser(910215, "d215@example.org", "035"),
            adviser(910216, "d216@example.org", "35000"),
        ),
        (4, 0, 5),
        {5: ["email"], 6: ["email"], 8: ["department"], 9: ["department"], 10: ["department"]},
    ),
    "those recruited, of the former platform": SampleFile(
        ADVISERS,
        csv_bytes(
            ("ID conseiller", "ID structure", "Mail CNFS", "Prénom", "Nom", "Date de départ en formation",
             "Date de fin de formation", "Commentaires"),
            (910011, 5001, "Eva.Legacy@Example.org", "Eva", "LEGACY", "06/09/2021", "17/12/2021", ""),
            (910012, 5001, "fanny.legacy@example.org", "Fanny", "LEGACY", "06/09/2021", "06/09/2021", "exempté"),
            (910013, 5001, "gael.legacy@example.org", "Gaël", "LEGACY", "04/10/2021", "#N/D", ""),
        ),
        (3, 0, 0),
        {},
    ),
    "the follow-up of contracts, with its own lines and empty columns": SampleFile(
        ADVISERS,
        'ID CNFS,DPT,ID SA ,type,N°DS,Prénom CNFS,Nom CNFS,CT V1,"Date de début de CT\nJJ/MM/AAAA",,,,\n'
        "910001,69,761,Association,4900001,Anna,Exemple,CDD,18/07/2022,,,,\n".encode(),
        (1, 0, 0),
        {},
    ),
    "a title above the headings": SampleFile(
        ADVISERS,
        "Export du 29/11/2026 - Tableau de pilotage\r\n\r\nId conseiller;Prénom;Nom\r\n910804;T;A\r\n".encode(),
        (1, 0, 0),
        {},
    ),
    "a cell that begins with a quotation mark": SampleFile(
        ADVISERS,
        'Nom;Prénom;Email;Id conseiller;Nom de la structure\nMODELE;J;j@example.org;910241;"LE PHARE" ASSOCIATION\n'
        'MODELE;A;a2@example.org;910242;ASSOCIATION "LE PHARE"\nMODELE;L;l@example.org;910243;COMMUNE\n'.encode(),
        (3, 0, 0),
        {},
    ),
}  # fmt: skip


@pytest.fixture
async def known(database: Database) -> None:
    rows = ((number, f"N{number}") for number in NUMBERS)
    await import_file(database, ADVISERS, csv_bytes(("conum_id", "last_name"), *rows))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.usefixtures("known")
async def test_a_file_as_people_have_it_is_taken_in_as_it_was_meant(database: Database, name: str) -> None:
    given = FILES[name]

    progress = await import_file(database, given.kind, given.content)

    faults = {number: [*fields] for number, fields in reasons(progress.rejections).items()}
    assert (counts(progress), faults) == (given.counts, given.faults)
    assert counts(await import_file(database, given.kind, given.content)) == (0, sum(given.counts[:2]), given.counts[2])


@pytest.mark.usefixtures("known")
async def test_words_in_the_place_of_a_file_number_leave_it_missing(database: Database) -> None:
    await import_file(database, CONTRACTS, FILES["words in the place of a file number"].content)

    kept = await database.many("SELECT ds_file_number FROM contract")
    assert [row["ds_file_number"] for row in kept] == [None, None, None]


async def test_an_export_of_the_former_platform_is_read_as_it_means_it(database: Database) -> None:
    await import_file(database, ADVISERS, FILES["those recruited, of the former platform"].content)

    kept = {row["first_name"]: row for row in await stored_advisers(database)}
    dates = {name: (row["initial_training_entered_on"], row["initial_training_ended_on"]) for name, row in kept.items()}
    assert dates == {
        "Eva": (date(2021, 9, 6), date(2021, 12, 17)),
        "Fanny": (None, None),
        "Gaël": (date(2021, 10, 4), None),
    }


async def test_text_is_kept_without_what_can_t_be_seen(database: Database) -> None:
    await import_file(database, ADVISERS, FILES["addresses and departments"].content)

    kept = {row["conum_id"]: row for row in await stored_advisers(database)}
    assert kept[910201]["email"] == "Anne.O@Example.org"
    assert (kept[910202]["first_name"], kept[910202]["department"]) == ("H\u00e9l\u00e8ne", "2A")
    assert (kept[910203]["department"], kept[910210]["department"]) == ("2B", "35")
