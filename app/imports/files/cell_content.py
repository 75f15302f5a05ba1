"""What a cell holds: a text, nothing, or something unreadable; and how texts are compared."""

import re
from datetime import date, datetime
from enum import Enum, auto
from functools import lru_cache
from unicodedata import combining, normalize

from app.api.http.fields.text_normalisation import REPLACEMENT_CHARACTER, normalise_text
from app.imports.files.spreadsheet import EMPTY_TEXT_FORMULA, FORMULA, Cell

# Characters that no database stores, and those that stand for an unreadable byte or character.
ILLEGIBLE = re.compile(f"[\x00\ud800-\udfff{REPLACEMENT_CHARACTER}]")
_ERROR = re.compile(r"#[^\W\d_][\w/ ]*[!?]?|#{2,}|(err|erreur) ?: ?[0-9]{3}", re.IGNORECASE)
_FAILED_LOOKUP = "#n/d"
_ONLY_PUNCTUATION = re.compile(r"[-\u2010-\u2015\u2212_.?… ]+")
WORDS_FOR_NOTHING = {
    "non renseigne", "non renseignee", "non renseignes", "non renseignees", "neant", "a venir", "non communique",
    "non communiquee", "non disponible", "n/a", "n/d", "undefined", "null", EMPTY_TEXT_FORMULA,
}  # fmt: skip
# What programs write for nothing: case matters, since some of them are also names of people.
_CASED_WORDS_FOR_NOTHING = {"nan", "NaN", "None", "NaT", "<NA>", "\\N", "(null)", "(vide)"}
NO_ACCOUNT = "compte coop non cree"  # how the dashboard begins what it writes instead of an address


class UnreadableCell(Exception):  # noqa: N818  # an answer to the author of the file
    """A cell whose value can't be told; the message says in French why."""


@lru_cache(maxsize=2_000)  # a column says the same few words over and over
def fold_text(text: str) -> str:
    """Without accents, case, spaces and punctuation: as headings and words are compared."""
    plain = normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum() and not combining(letter))


def cell_to_text(cell: Cell) -> str:
    """The text that one would type for the cell; a whole number without decimals."""
    match cell:
        case bool():
            return "oui" if cell else "non"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.isoformat(sep=" ")
        case date():
            return f"{cell:%d/%m/%Y}"
        case _:
            return str(cell)


def is_illegible(cell: Cell) -> bool:
    """Whether a character could not be read, here or by the program that wrote the file."""
    return isinstance(cell, str) and not cell.isascii() and ILLEGIBLE.search(cell) is not None


class CellContent(Enum):
    """What a cell holds. NOTHING is a word that people and systems write where they know nothing."""

    CONTENT = auto()
    EMPTY = auto()
    NOTHING = auto()
    FAILED_LOOKUP = auto()
    FORMULA = auto()
    ERROR = auto()


def content_of(cell: Cell) -> CellContent:
    if isinstance(cell, str):
        # Most cells begin with a digit, which no special word does.
        return CellContent.CONTENT if cell[:1].isdigit() else _classify_text(cell)
    return CellContent.EMPTY if cell is None else CellContent.CONTENT


@lru_cache(maxsize=10_000)
def _classify_text(text: str) -> CellContent:
    plain = normalize("NFKD", normalise_text(text)).casefold()
    word = "".join(letter for letter in plain if not combining(letter))
    if not word:
        return CellContent.EMPTY
    if word == _FAILED_LOOKUP:
        return CellContent.FAILED_LOOKUP
    if (
        text.strip() in _CASED_WORDS_FOR_NOTHING
        or word in WORDS_FOR_NOTHING
        or _ONLY_PUNCTUATION.fullmatch(word)
        or word.startswith(NO_ACCOUNT)
    ):
        return CellContent.NOTHING
    if word.startswith(FORMULA):
        return CellContent.FORMULA
    return CellContent.ERROR if _ERROR.fullmatch(word) else CellContent.CONTENT


def formula_error_message(cell: Cell, content: CellContent) -> str:
    """Why the cell can't be read, in French: a formula without a stored value, or an error of the spreadsheet."""
    if content is CellContent.FORMULA:
        return "Formule sans valeur enregistrée : ouvrez le fichier dans un tableur, et enregistrez-le."
    return f"Valeur d’erreur du tableur : {str(cell).strip()[:20]}."


def read_text(cell: Cell) -> str:
    """Raise UnreadableCell."""
    text = normalise_text(cell if isinstance(cell, str) else cell_to_text(cell))
    if ILLEGIBLE.search(text):
        raise UnreadableCell("Caractère illisible.")
    return text
