"""Tokens of identities, equal for equal people: spaces, capitals, accents and invisible characters don't count."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from unicodedata import category, combining, normalize
from uuid import UUID

CONUM_ID, EMAIL, IDENTIFIER, NAME = "conum_id", "email", "id", "name"

_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]\\@]+@[^\s<>\"'(),;:\[\]\\@]+", re.ASCII)
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_NUMBER = re.compile(
    r"(?:n[°o]?|num(?:ero)?|id|pg|conum|cnfs|conseiller|[#':.-])*0*"
    r"([1-9][0-9]{0,2}(?:[.,][0-9]{3})+|[1-9][0-9]{0,15})(?:[.,]0*)?"
)
_EXPONENT = re.compile(r"[1-9]([.,][0-9]{1,14})?e\+?[0-9]{1,2}")
_UUID_DIGITS = 32  # characters of a UUID


def _visible_text(text: str) -> str:
    """The visible characters, in small letters, in one Unicode form."""
    if text.isascii():
        return text.casefold().strip()
    return "".join(letter for letter in normalize("NFKC", text) if category(letter) != "Cf").casefold().strip()


def conum_id_token(number: int) -> str:
    return f"{CONUM_ID}:{number}"


def adviser_id_token(adviser: UUID) -> str:
    return f"{IDENTIFIER}:{adviser}"


def email_tokens(text: str) -> Iterator[str]:
    """Every address in a text, whatever stands around it: `mailto:`, angle brackets, a name."""
    if text.isascii() and "@" not in text:
        return
    for found in _ADDRESS.findall("@".join(part.strip() for part in _visible_text(text).split("@"))):
        yield f"{EMAIL}:{found.strip('.')}"


def adviser_id_tokens(text: str) -> Iterator[str]:
    """Every UUID in a text."""
    for found in _IDENTIFIER.findall(_visible_text(text)) if len(text) >= _UUID_DIGITS else ():
        yield adviser_id_token(UUID(found))


def conum_id_tokens(text: str) -> Iterator[str]:
    """The ID Conum that a text consists of, with any spaces, leading zeros, decimals, and `n°` or `ID` before it; none
    for 0."""
    written = re.sub(r"\s", "", _visible_text(text))
    if _EXPONENT.fullmatch(written):
        number = Decimal(written.replace(",", "."))
        yield from [conum_id_token(int(number))] if number == int(number) else ()
    elif (found := _NUMBER.fullmatch(written)) is not None:
        yield conum_id_token(int(re.sub("[.,]", "", found[1])))


def person_name_tokens(first_name: str, last_name: str) -> Iterator[str]:
    """The name on a line of a spreadsheet; one cell may hold both parts."""
    name = " ".join(filter(None, (_letters_and_digits(first_name), _letters_and_digits(last_name))))
    if name:
        yield f"{NAME}:{name}"


def _spellings(first_name: str, last_name: str) -> Iterator[str]:
    """Every token by which a line may name this person: either order, in two cells or in one."""
    first, last = _letters_and_digits(first_name), _letters_and_digits(last_name)
    if first and last:
        for one, other in (first, last), (last, first):
            yield from (f"{NAME}:{one} {other}", f"{NAME}:{one}{other}")


def _letters_and_digits(text: str) -> str:
    if text.isascii():
        return "".join(filter(str.isalnum, text.casefold()))
    plain = normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum() and not combining(letter))


def identity_tokens(row: Mapping[str, Any]) -> dict[str, str]:
    """By kind, the tokens by which the adviser of this row can be recognised; none for what is null."""
    found = {} if row["conum_id"] is None else {CONUM_ID: conum_id_token(row["conum_id"])}
    address = next(email_tokens(row["email"] or ""), None)
    return found | ({EMAIL: address} if address else {})


def all_tokens_of(row: Mapping[str, Any]) -> list[str]:
    """Every token by which a spreadsheet may name the adviser of this row."""
    person = _spellings(row["first_name"] or "", row["last_name"] or "")
    return [*identity_tokens(row).values(), adviser_id_token(row["id"]), *person]
