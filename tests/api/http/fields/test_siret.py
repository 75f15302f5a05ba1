"""Which numbers may be those of an employer."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.http.fields import validation_messages
from app.api.http.fields.siret_validation import LA_POSTE, has_luhn_check_digit, siret_error

DIGITS = "0123456789"
TYPED_FOR_WANT_OF_ONE = [
    *(digit * length for digit in DIGITS for length in (7, 10, 14)),
    *((a * 3 + b * 3 + c * 3 + d * 3 + e * 2) for a, b, c, d, e in product("159", "260", "370", "48", "50")),
    *((group * 14)[:14] for group in ("12", "90", "123", "512", "1234", "7531")),
    "00000000000018", "12345678901234", "01234567890123", "98765432109876", "0000000001",
]  # fmt: skip


def keyed(digits: str) -> str:
    """With the check digit behind."""
    return next(f"{digits}{digit}" for digit in DIGITS if has_luhn_check_digit(f"{digits}{digit}"))


SIRENS = st.integers(10**7, 10**8 - 1).map(str).map(keyed)
ORDERS = st.integers(1, 1110).map("{:04d}".format)
SIRETS = st.tuples(SIRENS, ORDERS).map("".join).map(keyed)


@given(SIRETS)
def test_an_establishment_with_both_keys_is_taken(siret: str) -> None:
    assert siret_error(siret) is None


@given(SIRETS, st.integers(0, 13), st.integers(1, 9))
def test_one_digit_mistyped_is_found(siret: str, place: int, shift: int) -> None:
    mistyped = siret[:place] + str((int(siret[place]) + shift) % 10) + siret[place + 1 :]

    assert siret_error(mistyped) is not None or mistyped.startswith(LA_POSTE)


@pytest.mark.parametrize("number", TYPED_FOR_WANT_OF_ONE)
def test_what_is_typed_for_want_of_a_number_is_refused(number: str) -> None:
    assert siret_error(number) is not None


@pytest.mark.parametrize("siret", ["00000000000018", "67676767676767", "14414414414414", "00011166611100"])
def test_its_check_digits_do_not_make_a_number_of_it(siret: str) -> None:
    assert has_luhn_check_digit(siret)
    assert has_luhn_check_digit(siret[:9])
    assert siret_error(siret) is validation_messages.PLACEHOLDER


@given(st.sampled_from([7, 10]).flatmap(lambda length: st.integers(10 ** (length - 1), 10**length - 1)).map(str))
def test_a_ridet_is_taken_unless_one_digit_makes_it(ridet: str) -> None:
    assert (siret_error(ridet) is None) == (len({*ridet[:7]}) > 1)
