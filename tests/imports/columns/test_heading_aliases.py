"""The neighbours' own files: each heading is the field that it is there, and what seems to matter is not overlooked."""

from typing import Any

import pytest

from app.imports.file_parsing import ParsedFile, parse_file
from app.imports.files.spreadsheet import FileRefused
from app.imports.kinds.accepted_columns import ACCEPTED_COLUMNS
from app.persistence.administration.import_kind import ImportKind
from tests.imports.sample_files import csv_bytes, reasons

ADVISERS, CONTRACTS, CERTIFICATIONS = ImportKind.ADVISERS, ImportKind.CONTRACTS, ImportKind.CERTIFICATIONS
CONUM, EMAIL, ENTERED, ENDED = "conum_id", "email", "initial_training.entered_on", "initial_training.ended_on"
NAMES = {"first_name", "last_name"}
FORM, SIRET, DS = "employer.legal_form", "employer.siret", "administrative_file.ds_file_number"
CONTRACT = {CONUM, "type", "starts_on", "ends_on"}
VALIDATED = "administrative_file.validated_on"

CANDIDATES = (
    "Date candidature;Date de début de contrat;Date de fin de contrat;Type de contrat;Salaire;prenom;nom;expérience;"
    "téléphone;email;coordinateur;Code Postal;Nom commune;Département;diplômé;palier pix;Formation CCP1;"
    "SIRET structure;ID Structure;ID long Structure;Dénomination;Type;Adresse de la structure;Code postal;Code commune;"
    "Code département;Code région;Prénom contact SA;Nom contact SA;Téléphone contact SA;Email contact SA;"
    "ID conseiller;ID long conseiller;Nom du comité de sélection;Date d’entrée en formation;"
    "Date de sortie de formation;email professionnel;email professionnel secondaire"
)
SETS: dict[str, tuple[ImportKind, str, set[str]]] = {
    "dashboard, advisers": (
        ADVISERS,
        ("Id conseiller;Id long de la structure;Id de la structure;Nom de la structure;Nom;Prénom;"
        "Email Professionnelle;Compte Coop activé;Email personnelle;Statut;Date de début de contrat;"
        "Date d'entrée en formation;Date de sortie de formation;CRA Saisis;Email du supérieur hiérarchique;"
        "Contact principal de la structure"),
        {CONUM, EMAIL, ENTERED, ENDED} | NAMES,
    ),
    "dashboard, candidates": (
        ADVISERS, CANDIDATES, {CONUM, EMAIL, ENTERED, ENDED, "department"} | NAMES,
    ),
    "dashboard, contracts of candidates": (
        CONTRACTS,
        CANDIDATES,
        CONTRACT | NAMES | {EMAIL, SIRET, FORM, "employer.name", "employer.department", "employer.contact_email"},
    ),
    "dashboard, terminations": (
        CONTRACTS,
        "Prénom;Nom;Email;Id CNFS;Nom Structure;Id Structure;Date rupture;Motif de rupture",
        {CONUM, EMAIL, "employer.name", "terminated_on", "termination_motive"} | NAMES,
    ),
    "dashboard, terminations of the past": (
        CONTRACTS,
        ("Id CnFS;Nom CnFS;Prénom CnFS;Email CnFS;Id Structure;Nom Structure;Date de rupture du contrat;"
        "Motif de rupture;Commentaire"),
        {CONUM, EMAIL, "employer.name", "terminated_on", "termination_motive"} | NAMES,
    ),
    "dashboard, contracts of the past": (
        CONTRACTS,
        ("Id du conseiller;Nom du conseiller;Prénom du conseiller;Email du conseiller;Id de la structure;"
        "Nom de la structure;Date de la demande;Type de la demande;Date de début de contrat;Date de fin de contrat;"
        "Type de contrat;Motif de rupture"),
        CONTRACT | NAMES | {EMAIL, "employer.name", "termination_motive"},
    ),
    "dashboard, without activity": (
        ADVISERS,
        ("Nom;Prénom;Email @conseiller-numerique.fr;Code Postal du conseiller;Code département du conseiller;"
        "Date d'envoi du mail M+1;Id de la structure;Siret de la structure;Nom de la structure"),
        {EMAIL, "department"} | NAMES,
    ),
    "dashboard, hub": (
        ADVISERS,
        ("Nom;Prénom;Email @conseiller-numerique.fr;Nom de la Structure;Email de la structure;"
        "Adresse de la structure;Code région de la structure"),
        {EMAIL} | NAMES,
    ),
    "former platform, recruited": (
        ADVISERS,
        "ID conseiller;ID structure;Mail CNFS;Date de départ en formation;Date de fin de formation;Commentaires",
        {CONUM, EMAIL, ENTERED, ENDED, "comment"},
    ),
    "former platform, addresses at work": (
        ADVISERS,
        ("ID CNFS;Id ou email CNFS;Prénom;Nom;Raison sociale;Commune;Département;Date de fin de formation;Lot;Parcours;"
        "Palier PIX;ID structure;Type de structure;email Pro"),
        {CONUM, EMAIL, ENDED, "department"} | NAMES,
    ),
    "former platform, contracts": (
        CONTRACTS,
        "nom;prenom;conseillerId;structureId;date début contrat; date fin contrat;Durée contrat;Type de contrat",
        CONTRACT | NAMES,
    ),
    "former platform, certifications": (
        CERTIFICATIONS, "idPG;nom;prénom;email;certifie", {CONUM, EMAIL, "outcome"} | NAMES,
    ),
    "training dates": (
        ADVISERS, "Id conseiller;Date de début formation;Date de fin formation", {CONUM, ENTERED, ENDED},
    ),
    "follow-up of contracts": (
        CONTRACTS,
        ("ID CNFS;Région ;DPT;ID SA ;Nom SA Jerecrute;type;N°DS;Prénom CNFS;Nom CNFS;CT V1;"
        '"Date de début de CT\nJJ/MM/AAAA";"Date de fin de CT\nJJ/MM/AAAA";;;'),
        CONTRACT | NAMES | {"employer.name", FORM, DS},
    ),
    "warehouse, contracts": (
        CONTRACTS, "personne_id;cn_pg_id;structure_id;siret;date_debut;date_fin;date_rupture;type",
        CONTRACT | {SIRET, "terminated_on"},
    ),
}  # fmt: skip


def read(kind: ImportKind, headings: str, *rows: str) -> ParsedFile:
    return parse_file(kind, "\n".join((headings, *rows, "")).encode())


@pytest.mark.parametrize("name", SETS)
def test_a_neighbour_s_headings_are_known_and_none_seems_overlooked(name: str) -> None:
    kind, headings, expected = SETS[name]

    parsed = read(kind, headings)

    assert {column.name for column in parsed.recognised.columns.values()} == expected
    assert parsed.suspect == {}


@pytest.mark.parametrize(
    ("kind", "heading", "name"),
    [
        (ADVISERS, "DATE D’ENTREE EN FORMATION", ENTERED),
        (ADVISERS, "Entrée formation (date)", ENTERED),
        (ADVISERS, "dateEntreeFormation", ENTERED),
        (ADVISERS, "Date de sortie de la formation (JJ/MM/AAAA)", ENDED),
        (ADVISERS, "E-mail", EMAIL),
        (ADVISERS, "Nom du conseiller numérique", None),
        (CONTRACTS, "Type", "type"),
        (CONTRACTS, "Date de validation", VALIDATED),
        (CONTRACTS, "n° dossier DS", DS),
        (CONTRACTS, "Numéro DS (obligatoire)", DS),
        (CONTRACTS, "SIRET de la structure", SIRET),
        (CONTRACTS, "Siret employeur", SIRET),
        (CONTRACTS, "N° dossier Démarche simplifiée", DS),
        (ADVISERS, "Formation initiale Date de début de formation", ENTERED),
    ],
)
def test_a_heading_is_known_however_it_is_written(kind: ImportKind, heading: str, name: str | None) -> None:
    found = ACCEPTED_COLUMNS[kind].recognise(["idPG", heading]).columns

    assert [column.name for column in found.values()][1:] == ([name] if name else [])


@pytest.mark.parametrize(
    ("headings", "meant"),
    [
        ("Type;Type de contrat", {FORM, "type"}),
        ("Date de validation;Motif de rupture", {"termination_motive"}),
        ("Validé le;Date de rupture", {VALIDATED, "terminated_on"}),
    ],
)
def test_some_headings_mean_what_stands_beside_them(headings: str, meant: set[str]) -> None:
    found = read(CONTRACTS, headings).recognised.columns.values()

    assert {column.name for column in found} == meant


def test_a_validation_that_may_be_a_termination_s_is_not_taken_and_not_overlooked() -> None:
    parsed = read(CONTRACTS, "Id CNFS;Date rupture;Motif de rupture;Date de validation")

    assert parsed.suspect == {"Date de validation": "de la rupture, ou du recrutement"}


def test_the_code_of_a_department_is_the_employer_s_beside_the_employer() -> None:
    beside, alone = read(ADVISERS, "idPG;Code département;Dénomination"), read(ADVISERS, "idPG;Code département")

    assert [[column.name for column in parsed.recognised.columns.values()] for parsed in (beside, alone)] == [
        [CONUM], [CONUM, "department"],
    ]  # fmt: skip
    assert beside.suspect == {}


@pytest.mark.parametrize(
    ("cells", "email"),
    [
        (("p@example.org", "e@example.org", "x@example.org"), "e@example.org"),
        (("p@example.org", "Non renseigné", "x@example.org"), "x@example.org"),
        (("p@example.org", "", "-"), "p@example.org"),
        (("", "compte COOP non créé (En activité)", ""), None),
    ],
)
def test_of_several_addresses_the_one_at_work_comes_first(cells: tuple[str, ...], email: str | None) -> None:
    headings = ("idPG", "Email personnelle", "Email Professionnelle", "Email")

    (line,) = parse_file(ADVISERS, csv_bytes(headings, ("1", *cells))).lines

    assert line.values.get(EMAIL) == email


@pytest.mark.parametrize(
    ("kind", "heading", "cell", "seems"),
    [
        (ADVISERS, "Courriel du maire", "", "adresse électronique"),
        (ADVISERS, "Contact", "a@example.org", "adresse électronique"),
        (ADVISERS, "Début FI", "", "date de formation"),
        (ADVISERS, "Formation initiale (du)", "14/03/2022", "date de formation"),
        (ADVISERS, "Date formation CCP1", "", "date de formation"),
        (ADVISERS, "Identifiant national", "12", "identifiant"),
        (ADVISERS, "N° de CN", "12", "identifiant"),
        (ADVISERS, "Clé", "0c5b9c1e-2f4c-4b6e-9d3a-1f2e3d4c5b6a", "identifiant"),
        (CONTRACTS, "SIRET porteur", "", "SIRET"),
        (CONTRACTS, "Établissement", "21350238800019", "SIRET"),
        (ADVISERS, "", "a@example.org", "adresse électronique"),
        (CONTRACTS, "Identifiant", "12", "identifiant"),
        (CERTIFICATIONS, "ID", "12", "identifiant"),
        (ADVISERS, "Date entrée form.", "", "date de formation"),
        (ADVISERS, "Prise de poste", "14/03/2022", "date de formation"),
        (ADVISERS, "Pr\ufffdnom", "Zoé", "intitulé illisible"),
    ],
)
def test_an_unknown_column_that_seems_to_matter_is_named(kind: ImportKind, heading: str, cell: str, seems: str) -> None:
    parsed = parse_file(kind, csv_bytes(("idPG", heading, "Nom"), ("1", cell, "A")))

    assert parsed.suspect == {heading or "colonne 2": seems}


@pytest.mark.parametrize(
    ("heading", "cell"),
    [("Salaire", "1800"), ("Formation CCP1", "oui"), ("Identité", "x"), ("Date de naissance", "01/02/1990")],
)
def test_any_other_unknown_column_is_only_listed(heading: str, cell: str) -> None:
    parsed = parse_file(ADVISERS, csv_bytes(("idPG", heading), ("1", cell)))

    assert (parsed.suspect, parsed.recognised.ignored) == ({}, (heading,))


def test_a_refusal_says_which_line_was_read() -> None:
    with pytest.raises(FileRefused) as stopped:
        read(ADVISERS, "\n\nSalaire;Téléphone", "1800;06")

    assert "à la ligne 3" in stopped.value.message.fr


def values(kind: ImportKind, headings: str, *rows: str) -> list[dict[str, Any]]:
    parsed = read(kind, headings, *rows)
    assert reasons(parsed.rejections) == {}
    return [dict(line.values) for line in parsed.lines]


def test_a_candidate_s_contract_is_with_the_employer_beside_it() -> None:
    (contract,) = values(
        CONTRACTS,
        CANDIDATES,
        "02/01/2021;18/07/2022;non renseignée;CDI;1800;Denis;TEST;oui;06;denis@example.org;non;35000;RENNES;22;non;3;"
        "oui;21350238800019;5001;abc;COMMUNE D EXEMPLE;PRIVATE;1 RUE X;35000;35238;35;53;Zoe;CONTACT;02;"
        "zoe@mairie.example.org;910004;def;3;non renseignée;non renseignée;;",
    )

    assert contract == {
        "conum_id": 910004, "first_name": "Denis", "last_name": "TEST", "email": "denis@example.org", "type": "CDI",
        "starts_on": contract["starts_on"], "employer.siret": "21350238800019", "employer.name": "COMMUNE D EXEMPLE",
        "employer.legal_form": "private", "employer.department": "35",
        "employer.contact_email": "zoe@mairie.example.org",
    }  # fmt: skip
