"""SIRET and RIDET, the numbers of establishments: mistakes in them, and placeholders typed instead of one."""

import re

from app.api.http.fields import validation_messages
from app.wording.languages import Sentence

SIRET_LENGTH, SIREN_LENGTH, RID_LENGTH, RIDET_LENGTHS = 14, 9, 7, (7, 10)
LA_POSTE = "356000000"
_SAME_DIGIT = re.compile(r"(\d)\1*")
_REPEATED = re.compile(r"(\d{1,4})\1+\d{0,3}")  # a group over and over, the last time cut short
_IN_GROUPS = re.compile(r"(\d)\1\1(\d)\2\2(\d)\3\3([1-9])\4\4(\d)\5")  # 111 222 333 444 55


def has_luhn_check_digit(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  # the sum of its two digits
    return total % 10 == 0


def siret_error(digits: str) -> Sentence | None:
    """What is wrong with a number; None when nothing is.

    SIRET: Luhn on the 9 digits of the SIREN and on all 14; for La Poste, whose branches outnumber it, the sum of digits
    is a multiple of five. RIDET (New Caledonia): 7 digits, or 10 with the establishment, without a check digit that is
    published.
    """
    if len(digits) in RIDET_LENGTHS and _are_digits(digits):
        return validation_messages.PLACEHOLDER if _SAME_DIGIT.fullmatch(digits[:RID_LENGTH]) else None
    if len(digits) != SIRET_LENGTH or not _are_digits(digits):
        return validation_messages.SIRET
    if _is_placeholder(digits):
        return validation_messages.PLACEHOLDER
    if not has_luhn_check_digit(digits[:SIREN_LENGTH]):
        return validation_messages.SIREN_CHECK_DIGIT
    la_poste = digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0
    return None if has_luhn_check_digit(digits) or la_poste else validation_messages.CHECK_DIGIT


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_placeholder(siret: str) -> bool:
    siren = siret[:SIREN_LENGTH]
    return bool(_SAME_DIGIT.fullmatch(siren) or _REPEATED.fullmatch(siret) or _IN_GROUPS.fullmatch(siret))
