"""Which language a request asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.http.language_negotiation import negotiate_language
from app.wording.languages import Language

# A preference: the range, and its quality in thousandths.
Preferences = list[tuple[str, int]]
tags = st.sampled_from(
    ["fr", "FR", "fr-FR", "fr-CA", "en", "EN", "en-GB", "en-Latn-US", "de", "eng", "f", "es-419", "*"]
)
preferences: st.SearchStrategy[Preferences] = st.lists(st.tuples(tags, st.integers(0, 1000)), max_size=6)
spaces = st.sampled_from(["", " ", "\t", "  "])


def written(wanted: Preferences, space: str = "") -> str:
    return f"{space},{space}".join(f"{tag}{space};{space}q={quality / 1000:.3f}" for tag, quality in wanted)


def quality_of(language: Language, wanted: Preferences) -> int:
    """What RFC 9110 gives a language: that of the ranges that name it, else that of `*`, else none."""
    named = [quality for tag, quality in wanted if tag.lower().partition("-")[0] == language]
    return max(named or [quality for tag, quality in wanted if tag == "*"] or [0])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "fr"),
        ("", "fr"),
        ("fr", "fr"),
        ("en", "en"),
        ("EN", "en"),
        ("en-GB", "en"),
        ("fr-FR", "fr"),
        ("de", "fr"),
        ("de, en", "en"),
        ("eng", "fr"),
        ("en-US,en;q=0.5", "en"),
        ("fr;q=0.5, en;q=0.8", "en"),
        ("fr;q=0.8, en;q=0.5", "fr"),
        ("fr, en", "fr"),
        ("en, fr", "en"),
        ("*", "fr"),
        ("*;q=0.1, en;q=0.5", "en"),
        ("en;q=0.1, *;q=0.5", "fr"),
        ("fr;q=0.1, *;q=0.5", "en"),
        ("fr;q=0, *", "en"),
        ("fr;q=0", "fr"),
        ("en;q=0", "fr"),
        ("*;q=0", "fr"),
        (",, en ,", "en"),
        ("en ; q=1.000", "en"),
        ("en;Q=1", "en"),
    ],
)
def test_the_language_wanted_most_is_spoken(header: str | None, expected: str) -> None:
    assert negotiate_language(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "en_GB", "en;", "en;q", "en;q=", "en;q=2", "en;q=1.5", "en;q=0.1234", "en;q=-1", "en;q=a", "en;q=.5",
        "en;level=1", "en fr", "-en", "en-", "en--GB", "abcdefghi, en", "en;q=1;q=0.5", "en\x00", "\u0435n",
        "en;q=\u0661", "*en", "\u017fr", "en, ?", "<script>", "en" * 20_000, ";,=" * 10_000,
    ],
)  # fmt: skip
def test_a_header_that_is_malformed_asks_for_nothing(header: str) -> None:
    assert negotiate_language(header) is Language.FRENCH


@given(st.text() | st.from_regex(r"[enfr*;q=0-9., -]*"))
def test_any_header_has_a_language(header: str) -> None:
    assert negotiate_language(header) in Language


@given(preferences, spaces)
def test_no_other_language_was_wanted_more(wanted: Preferences, space: str) -> None:
    spoken = negotiate_language(written(wanted, space))

    assert quality_of(spoken, wanted) == max(quality_of(language, wanted) for language in Language)


@given(preferences)
def test_french_is_spoken_to_whoever_wants_neither(wanted: Preferences) -> None:
    neither = [(tag, quality) for tag, quality in wanted if tag in {"de", "eng", "f", "es-419"}]

    assert negotiate_language(written(neither)) is Language.FRENCH


@given(preferences)
def test_the_order_decides_between_equals_only(wanted: Preferences) -> None:
    if quality_of(Language.FRENCH, wanted) != quality_of(Language.ENGLISH, wanted):
        assert negotiate_language(written(wanted)) is negotiate_language(written(wanted[::-1]))
