"""The value of a cell, however it is written: dates, numbers that lost their zeros, French words for codes.

Each parser takes a cell with content, and raises UnreadableCell; the API's own rules check the value afterwards.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from app.api.http.fields.siret_validation import has_luhn_check_digit
from app.domain.facts.calendar import civil_date
from app.imports.files.cell_content import UnreadableCell, fold_text, read_text
from app.imports.files.spreadsheet import Cell, NumberFrom1904

CellParser = Callable[[Cell], Any]

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_ISO_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_FRENCH = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d+)( 0?0:00(:00)?)?")
_WHOLE = re.compile(r"[0-9]+([.,]0+)?")
_EXPONENT = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]+")
_SERIAL_DAYS = re.compile(r"[1-9][0-9]{4}([.,]0+)?")
_DEPARTMENT_NAMED = re.compile(r"([0-9]{1,3}|2[ab]) *[-–—:(] *[^\W\d].*", re.IGNORECASE)
_DS_NUMBER = re.compile(r"(?:n[°ºo])?([1-9][0-9]*)", re.IGNORECASE)
_SERIAL_ZERO, _SERIAL_ZERO_FROM_1904 = date(1899, 12, 30), date(1904, 1, 1)
YEAR_DIGITS, SIRET_DIGITS, MIN_KEPT_DIGITS = 4, 14, 13

YES = {"oui", "o", "vrai", "true", "yes", "1"}
NO = {"non", "n", "faux", "false", "no", "0"}


def email(cell: Cell) -> str:
    return re.sub("^mailto:", "", read_text(cell), flags=re.IGNORECASE)


def civil_day(cell: Cell) -> date:
    """A day written in French or as ISO 8601, a day of a spreadsheet, or the day in Paris of an instant."""
    if isinstance(cell, datetime):
        return civil_date(cell) if cell.tzinfo else cell.date()
    if isinstance(cell, date):
        return cell
    written = read_text(cell)
    if isinstance(cell, bool):
        raise UnreadableCell("Doit être une date JJ/MM/AAAA.")
    if _SERIAL_DAYS.fullmatch(written):
        zero = _SERIAL_ZERO_FROM_1904 if isinstance(cell, NumberFrom1904) else _SERIAL_ZERO
        return zero + timedelta(days=int(re.split("[.,]", written)[0]))
    if _ISO_INSTANT.fullmatch(written):
        return _date_of_instant(written)
    if iso := _ISO.fullmatch(written):
        return _checked_date(iso[1], iso[2], iso[3])
    if french := _FRENCH.fullmatch(written):
        return _checked_date(french[3], french[2], french[1])
    raise UnreadableCell("Doit être une date JJ/MM/AAAA.")


def _checked_date(year: str, month: str, day: str) -> date:
    if len(year) != YEAR_DIGITS:
        raise UnreadableCell("L’année doit avoir quatre chiffres.")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise UnreadableCell("Cette date n’existe pas ; elle se lit JJ/MM/AAAA.") from None


def _date_of_instant(written: str) -> date:
    try:
        instant = datetime.fromisoformat(written)
        return civil_date(instant) if instant.tzinfo else instant.date()
    except (ValueError, OverflowError):
        raise UnreadableCell("Cette date n’existe pas.") from None


def identifier(cell: Cell) -> UUID:
    written = read_text(cell)
    try:
        return UUID(written)
    except ValueError:
        raise UnreadableCell("Doit être un UUID.") from None


def boolean(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    word = fold_text(read_text(cell))
    if word not in YES | NO:
        raise UnreadableCell("Doit être oui ou non.")
    return word in YES


def whole_number(cell: Cell) -> int | None:
    """None for 0, which some systems write for none."""
    written = re.sub(r"\s", "", read_text(cell))
    if (
        isinstance(cell, bool)
        or not (written.isascii() and _WHOLE.fullmatch(written))
        or len(written) > MIN_KEPT_DIGITS
    ):
        raise UnreadableCell("Doit être un nombre entier.")
    return int(re.split("[.,]", written)[0]) or None


def quantity(cell: Cell) -> int | None:
    """How many, of whatever; None for 0, likewise."""
    return whole_number(cell)


def only_in_json(_: Cell) -> Any:
    """Raise UnreadableCell: what has parts of its own can't be told in a cell."""
    raise UnreadableCell("Ceci s’envoie en NDJSON : une cellule ne dit pas tout.")


def department(cell: Cell) -> str:
    """Its code: `1` becomes `01`, `35 - Ille-et-Vilaine` becomes `35`."""
    text = read_text(cell)
    named = _DEPARTMENT_NAMED.fullmatch(text)
    written = re.sub(r"\s", "", named[1] if named else text).upper()
    if _WHOLE.fullmatch(written):
        written = re.split("[.,]", written)[0]
    return written.zfill(2)


def ds_number(cell: Cell) -> str:
    found = _DS_NUMBER.fullmatch(re.sub(r"\s", "", read_text(cell)))
    if found is None or isinstance(cell, bool | date):
        raise UnreadableCell("Doit être un numéro de dossier Démarches simplifiées : des chiffres, et rien d’autre.")
    return found[1]


def siret(cell: Cell) -> str:
    """A lost leading zero, or a number shown as 2,1E+13, is restored when the digits are complete and the check digit
    proves it."""
    written = re.sub(r"\s", "", read_text(cell))
    if _EXPONENT.fullmatch(written):
        return _from_exponent(written)
    if re.fullmatch(r"[0-9]+[.,]0+", written):
        written = re.split("[.,]", written)[0]
    if len(written) == SIRET_DIGITS - 1 and written.isdecimal():
        restored = written.zfill(SIRET_DIGITS)
        if not has_luhn_check_digit(restored):
            raise UnreadableCell(
                "13 chiffres : il en manque un, et ce n’est pas un zéro en tête (clé de contrôle fausse)."
            )
        return restored
    return written


def _from_exponent(written: str) -> str:
    mantissa = re.sub(r"[.,]|[eE].*", "", written)
    try:
        number = Decimal(written.replace(",", "."))
    except InvalidOperation:
        raise UnreadableCell("Doit être un SIRET (14 chiffres).") from None
    digits = f"{number:f}".zfill(SIRET_DIGITS)
    complete = len(mantissa) >= MIN_KEPT_DIGITS and len(digits) == SIRET_DIGITS
    if not (complete and has_luhn_check_digit(digits)):
        raise UnreadableCell(
            "Le tableur a remplacé des chiffres du SIRET par un exposant : mettez la colonne en texte."
        )
    return digits


def code_for_word(words: Mapping[str, str]) -> Callable[[Cell], str]:
    """A code, or one of the words that mean it; what is neither is left for the API's rules to refuse."""
    codes = {fold_text(word): code for word, code in words.items()} | {fold_text(code): code for code in words.values()}

    def read(cell: Cell) -> str:
        written = read_text(cell)
        return codes.get(fold_text(written), written)

    return read
