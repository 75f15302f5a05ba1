"""Imports: lines a second of `python -m app import`, measured as a whole process."""

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from time import monotonic

from app.persistence.administration.import_kind import ImportKind
from benchmarks.dataset import SECRET

LINES = 5_000
FIRST_FREE_CONUM_ID = 10_000_000  # ID Conum from here on are free

# The headings of a neighbouring system, and a line of it; `{0}` is the adviser's number.
SAMPLE_FILES = {
    ImportKind.ADVISERS: (
        "Id conseiller;Prénom;Nom;Email;Code département",
        "{0};Camille;Exemple {0};camille.{0}@example.org;35",
    ),
    ImportKind.CONTRACTS: (
        "Id conseiller;Type de contrat;Date de début de contrat;SIRET;Nom structure;Type de structure;numero_ds;Validé le",
        "{0};CDI;10/01/2022;21350238800019;Ville d’exemple;COMMUNE;1234567;20/01/2022",
    ),
    ImportKind.CERTIFICATIONS: (
        "Id conseiller;Certification;Résultat;Date",
        "{0};remn-ccp1;obtenu;12/09/2022",
    ),
    ImportKind.REGISTRATIONS: (
        "Id conseiller;Module;Organisme;Date de début;Date de fin;Format;Statut;Prise en charge",
        "{0};Cybersécurité;La Mednum;13/05/2025;13/05/2025;à distance;suivie;État",
    ),
}


def measure_imports(url: str, folder: Path) -> Generator[tuple[ImportKind, float]]:
    """Each kind and its lines a second; each refers to what the kinds before it imported."""
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": SECRET}
    for kind, (headings, line) in SAMPLE_FILES.items():
        file = folder / f"{kind}.csv"
        lines = (line.format(number) for number in range(FIRST_FREE_CONUM_ID, FIRST_FREE_CONUM_ID + LINES))
        file.write_text("\n".join((headings, *lines)), encoding="utf-8-sig")
        command = [sys.executable, "-m", "app", "import", kind, str(file)]
        begun = monotonic()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        yield kind, LINES / (monotonic() - begun)
