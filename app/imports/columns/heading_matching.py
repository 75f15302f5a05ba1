"""Headings compared however they are written, and what an unknown column seems to hold."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from unicodedata import combining, normalize

from app.imports.files.cell_content import cell_to_text, is_illegible
from app.imports.files.spreadsheet import Cell, is_blank

STOP_WORDS = {"de", "du", "des", "d", "la", "le", "les", "l", "en", "a", "au", "e"}
NUMBER_WORDS = {"n", "no", "num"}
SYNONYMS = {
    "mail": "email", "mails": "email", "mel": "email", "courriel": "email", "demarche": "demarches",
    "simplifiee": "simplifiees",
}  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Tells how to fill in a cell, not what it holds.
_FORMAT_HINT = re.compile(
    r"\((jj|dd|format|obligatoire|facultatif|optionnel|oui|texte|[0-9]+ (chiffres|caract))[^)]*\)"
    r"|\b(jj|dd)[ /.-]?mm[ /.-]?(aaaa|yyyy|aa)\b",
    re.IGNORECASE,
)

TRAINING_DATE, EMAIL_ADDRESS, IDENTIFIER, SIRET = "date de formation", "adresse électronique", "identifiant", "SIRET"
ILLEGIBLE_HEADING = "intitulé illisible"
_DATE_WORDS = {"date", "dates", "debut", "fin", "entree", "sortie", "depart"}
_ID_WORDS = {"id", "ids", "idpg", "identifiant", "matricule", "uuid"}
_SAMPLE_SIZE = 50  # cells of a column that are looked at
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DAY = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d\d-\d\d.*")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SIRET = re.compile(r"[0-9]{14}")


@lru_cache(maxsize=2_000)
def words_of(heading: str) -> tuple[str, ...]:
    """Lower case, without accents: the same for `dateDeDébut`, `DATE_DE_DEBUT` and `Date de début (JJ/MM/AAAA)`."""
    bare = normalize("NFKD", _FORMAT_HINT.sub(" ", heading))
    words = _WORD.findall("".join(letter for letter in bare if not combining(letter)))
    return tuple(_synonym_of(word.lower()) for word in words)


def _synonym_of(word: str) -> str:
    return "numero" if word in NUMBER_WORDS else SYNONYMS.get(word, word)


@lru_cache(maxsize=2_000)
def canonical_heading(heading: str) -> str:
    """The same text for headings with the same words, whatever their order and the stop words between."""
    words = words_of(heading)
    return " ".join(sorted({word for word in words if word not in STOP_WORDS}) or words)


def guess_field(heading: str, cells: Iterable[Cell]) -> str | None:
    """Which column that decides much the one of an unknown heading looks like, in French; None for none of them."""
    if is_illegible(heading):
        return ILLEGIBLE_HEADING
    words = {*words_of(heading)}
    texts = [*islice((cell_to_text(cell).strip() for cell in cells if not is_blank(cell)), _SAMPLE_SIZE)]
    is_address = any(word.startswith("email") for word in words) or {"adresse", "electronique"} <= words
    if (is_address and "date" not in words) or _mostly_matches(texts, _ADDRESS):
        return EMAIL_ADDRESS
    if any(word.startswith(("siret", "ridet")) for word in words) or _mostly_matches(texts, _SIRET):
        return SIRET
    is_of_training = (
        words & {"ccp", "fi", "form"}
        or words >= {"prise", "poste"}
        or any(word.startswith("formation") for word in words)
    )
    if is_of_training and (words & _DATE_WORDS or _mostly_matches(texts, _DAY)):
        return TRAINING_DATE
    is_number = "numero" in words and words & {"conseiller", "conum", "cnfs", "cn"}
    return IDENTIFIER if words & _ID_WORDS or is_number or _mostly_matches(texts, _UUID) else None


def _mostly_matches(texts: Sequence[str], pattern: re.Pattern[str]) -> bool:
    return 2 * sum(pattern.fullmatch(text) is not None for text in texts) > len(texts)
