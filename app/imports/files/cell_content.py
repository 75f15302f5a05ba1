"""What a cell holds before anything is made of it: a text, nothing at all, or what nobody can read."""

import re
from datetime import date, datetime
from enum import Enum, auto
from functools import lru_cache
from unicodedata import combining, normalize

from app.api.http.fields.text_normalisation import REPLACEMENT_CHARACTER, normalise_text
from app.imports.files.spreadsheet import FORMULA, NO_CHARACTERS, Cell

# What no database keeps, with what stands for a byte or a character that could not be read.
ILLEGIBLE = re.compile(f"[\x00\ud800-\udfff{REPLACEMENT_CHARACTER}]")
_ERROR = re.compile(r"#[^\W\d_][\w/ ]*[!?]?|#{2,}|(err|erreur) ?: ?[0-9]{3}", re.IGNORECASE)
_FAILED_LOOKUP = "#n/d"
_DASHES = re.compile(r"[-\u2010-\u2015\u2212_.?… ]+")
NOTHING = {
    "non renseigne", "non renseignee", "non renseignes", "non renseignees", "neant", "a venir", "non communique",
    "non communiquee", "non disponible", "n/a", "n/d", "undefined", "null", NO_CHARACTERS,
}  # fmt: skip
# What programs write for nothing; with other capitals, some of it is somebody's name.
_WRITTEN_FOR_NOTHING = {"nan", "NaN", "None", "NaT", "<NA>", "\\N", "(null)", "(vide)"}
NO_ACCOUNT = "compte coop non cree"  # begins what the dashboard writes in the place of an address


class Unreadable(Exception):  # noqa: N818  # an answer to whoever wrote it
    """The message says in French what is wrong."""


@lru_cache(maxsize=2_000)  # a column says the same few words over and over
def folded(text: str) -> str:
    """Without accents, capitals, spaces and signs: as headings and words are compared."""
    plain = normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum() and not combining(letter))


def text_of(cell: Cell) -> str:
    """As it would be typed; a number without the decimals that it has not. Raise Unreadable."""
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
    """Whether a character of it could not be read, here or by whoever wrote the file."""
    return isinstance(cell, str) and not cell.isascii() and ILLEGIBLE.search(cell) is not None


class Held(Enum):
    """What stands in a cell. Nothing is a word that people and systems write where they know nothing."""

    CONTENT = auto()
    EMPTY = auto()
    NOTHING = auto()
    FAILED_LOOKUP = auto()
    FORMULA = auto()
    ERROR = auto()


def held_by(cell: Cell) -> Held:
    if isinstance(cell, str):
        # Most begin with a digit, which no word does.
        return Held.CONTENT if cell[:1].isdigit() else _held(cell)
    return Held.EMPTY if cell is None else Held.CONTENT


@lru_cache(maxsize=10_000)
def _held(text: str) -> Held:
    plain = normalize("NFKD", normalise_text(text)).casefold()
    word = "".join(letter for letter in plain if not combining(letter))
    if not word:
        return Held.EMPTY
    if word == _FAILED_LOOKUP:
        return Held.FAILED_LOOKUP
    if (
        text.strip() in _WRITTEN_FOR_NOTHING
        or word in NOTHING
        or _DASHES.fullmatch(word)
        or word.startswith(NO_ACCOUNT)
    ):
        return Held.NOTHING
    if word.startswith(FORMULA):
        return Held.FORMULA
    return Held.ERROR if _ERROR.fullmatch(word) else Held.CONTENT


def not_computed(cell: Cell, held: Held) -> str:
    """What is wrong with a formula without its value, or the name of an error; in French."""
    if held is Held.FORMULA:
        return "Formule sans valeur enregistrée : ouvrez le fichier dans un tableur, et enregistrez-le."
    return f"Valeur d’erreur du tableur : {str(cell).strip()[:20]}."


def text(cell: Cell) -> str:
    """Raise Unreadable."""
    read = normalise_text(cell if isinstance(cell, str) else text_of(cell))
    if ILLEGIBLE.search(read):
        raise Unreadable("Caractère illisible.")
    return read
