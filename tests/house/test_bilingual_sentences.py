"""Every sentence for people is written in both languages, and says the same in both."""

import ast
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.wording.dates import format_day

PROJECT = Path(__file__).parents[2]
FIELD_OR_CODE = re.compile(r"`[^`]+`|\b\w+_\w+\b|\b[A-Z][A-Za-z]*(?:-[A-Z][a-z]+)+\b|/v1/\S+|https?:\S+")
LETTER = re.compile(r"[^\W\d_]")


def sentences() -> Iterator[tuple[str, ast.Call]]:
    """Every `Sentence(…)` that the app writes, and where."""
    for path in sorted((PROJECT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Sentence":
                yield f"{path.relative_to(PROJECT)}:{node.lineno}:{node.col_offset}", node


SENTENCES = dict(sentences())


def spoken(where: str) -> dict[str, ast.expr]:
    return {str(keyword.arg): keyword.value for keyword in SENTENCES[where].keywords}


def parts(value: ast.expr) -> Iterator[ast.expr]:
    yield from value.values if isinstance(value, ast.JoinedStr) else [value]


def words(value: ast.expr) -> str:
    """What is written, each of its variables as `…`."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts(value))


def variables(value: ast.expr) -> set[str]:
    """What is put into it, by its name in neither language."""
    held = (part.value for part in parts(value) if isinstance(part, ast.FormattedValue))
    return {re.sub(r"\.(fr|en)\b|'.*?'", "", ast.unparse(item)) for item in held}


COMPOSED = {where for where in SENTENCES if all(isinstance(value, ast.Name) for value in spoken(where).values())}
WRITTEN = [where for where in SENTENCES if where not in COMPOSED]


def test_a_sentence_is_written_where_it_is_said() -> None:
    """But for a day, which has a test of its own, and those of several parameters one after the other."""
    assert len(WRITTEN) > 100
    assert [where.partition(":")[0] for where in sorted(COMPOSED)] == [
        "app/api/http/problems/validation_problems.py",
        "app/wording/dates.py",
    ]


@pytest.mark.parametrize("where", WRITTEN)
def test_a_sentence_is_written_in_both_languages(where: str) -> None:
    said = {language: words(value) for language, value in spoken(where).items()}

    assert said.keys() == {"fr", "en"}
    assert all(said.values())
    assert said["fr"] != said["en"]
    assert bool(LETTER.search(said["fr"])) == bool(LETTER.search(said["en"]))


@pytest.mark.parametrize("where", WRITTEN)
def test_both_languages_say_the_same(where: str) -> None:
    french, english = (spoken(where)[language] for language in ("fr", "en"))

    assert variables(french) == variables(english)
    assert sorted(re.findall(r"\d+", words(french))) == sorted(re.findall(r"\d+", words(english)))
    assert set(FIELD_OR_CODE.findall(words(french))) == set(FIELD_OR_CODE.findall(words(english)))
    assert words(french).endswith(".") == words(english).endswith(".")


@pytest.mark.parametrize("where", WRITTEN)
def test_each_language_keeps_its_typography(where: str) -> None:
    french, english = (words(spoken(where)[language]) for language in ("fr", "en"))

    for text in (french, english):
        assert not re.search(r"\w'\w", text), "’ is the apostrophe"
        assert text == " ".join(text.split())
    assert not re.search(r"[\w)»][;?!]|[\w)»]:(?!\S)", re.sub(FIELD_OR_CODE, "", french)), "a space before ; : ? !"
    assert not re.search(r" [;:?!]", english)
    assert not re.search(r"[«»]", english)


def test_an_english_day_names_the_month_of_the_french_one() -> None:
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(366)]
    names = [format_day(day).en.split()[1] for day in days]

    assert [name[:3].lower() for name in dict.fromkeys(names)] == [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"
    ]  # fmt: skip
    assert list(dict.fromkeys(format_day(day).fr.split()[1] for day in days)) == [
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ]  # fmt: skip
    assert [format_day(date(2024, 4, day)).fr for day in (1, 15)] == ["1er avril 2024", "15 avril 2024"]
    assert format_day(date(2024, 4, 5)).en == "5 April 2024"
