"""Each recipe of `docs/working` lists the files that mention its example: all of them, and no other."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.house.documents import DOCUMENTS, PROJECT, ROOT_FILES, paths_in, sections

# Frozen versions of the contract are never changed; the other documents speak of an example when they have to.
SEARCHED = ("app", "migrations", "tests", "openapi", "benchmarks")
LEFT_OUT = ("openapi/released/", "tests/house/")


@dataclass(frozen=True, slots=True)
class Recipe:
    """`steps` are in order; `other` files are written by a command, or use the example as a sample only."""

    examples: tuple[str, ...]
    steps: tuple[str, ...]
    other: tuple[str, ...]


def lines_that_begin(text: str, beginning: str) -> list[str]:
    """Each with the lines that it goes on with."""
    return re.findall(rf"^(?:{beginning})(?:.+(?:\n(?!\n|\d+\. ).+)*)", text, re.MULTILINE)


def recipe_of(text: str) -> Recipe | None:
    """None for a section without an example."""
    example = re.search(r"^Example: (.+)\.$", text, re.MULTILINE)
    if example is None:
        return None
    steps = [paths_in(line)[0] for line in lines_that_begin(text, r"\d+\. ")]
    other = [path for line in lines_that_begin(text, "Written by |Only as a sample: ") for path in paths_in(line)]
    return Recipe(tuple(re.findall(r"`([^`]+)`", example[1])), tuple(steps), tuple(other))


RECIPES = {
    title: recipe
    for name, text in DOCUMENTS.items()
    if name.startswith("docs/working/")
    for title, section in sections(text).items()
    if (recipe := recipe_of(section)) is not None
}
PROMISED = {
    "Add a reason to refuse", "Add a number to the policy", "Add a right", "Add a fact that a rule reads",
    "Add a field", "Add a route", "Add a problem code",
    "Add an event with its messages", "Add a column", "Add an import heading",
    "Add a setting", "Add a metric", "Add a background task", "Add a command",
}  # fmt: skip


def searched() -> Iterator[Path]:
    for room in SEARCHED:
        yield from (path for path in (PROJECT / room).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    yield from (PROJECT / name for name in ROOT_FILES)
    yield from (PROJECT / "docs").glob("*.md")


TEXTS = {
    name: path.read_text(errors="ignore")
    for path in searched()
    if not (name := path.relative_to(PROJECT).as_posix()).startswith(LEFT_OUT)
}


def spelled(example: str) -> re.Pattern[str]:
    """However it is spelled: `absence_recorded`, `ABSENCE_RECORDED`, `AbsenceRecorded`, `absence-recorded`."""
    return re.compile(re.sub(r"[^A-Za-z0-9]+", "[^A-Za-z0-9]?", example), re.IGNORECASE)


def mentioning(examples: Iterable[str]) -> set[str]:
    """The files with one of them in their text or in their name."""
    patterns = [spelled(example) for example in examples]
    return {
        name for name, text in TEXTS.items() for pattern in patterns if pattern.search(text) or pattern.search(name)
    }


def covers(listed: str, name: str) -> bool:
    return name == listed or (listed.endswith("/") and name.startswith(listed))


def missing(recipe: Recipe) -> list[str]:
    """The files that mention the example and are not in the list."""
    listed = (*recipe.steps, *recipe.other)
    return sorted(name for name in mentioning(recipe.examples) if not any(covers(entry, name) for entry in listed))


def superfluous(recipe: Recipe) -> list[str]:
    """What is in the list and does not mention the example."""
    found = mentioning(recipe.examples)
    return [entry for entry in (*recipe.steps, *recipe.other) if not any(covers(entry, name) for name in found)]


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_lists_every_file_that_its_example_took(title: str) -> None:
    recipe = RECIPES[title]

    assert missing(recipe) == []
    assert superfluous(recipe) == []


@pytest.mark.parametrize("title", RECIPES)
def test_a_missing_step_and_a_superfluous_one_are_seen(title: str) -> None:
    recipe = RECIPES[title]
    first, *others = recipe.steps

    assert missing(replace(recipe, steps=tuple(others))) == [first]
    assert superfluous(replace(recipe, steps=(*recipe.steps, "alembic.ini"))) == ["alembic.ini"]


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_names_files_one_by_one(title: str) -> None:
    steps = RECIPES[title].steps

    assert len(steps) > 1
    assert len(set(steps)) == len(steps)
    assert all(Path(PROJECT / step).is_file() for step in steps)


def test_there_is_a_recipe_for_each_thing_that_is_added() -> None:
    assert set(RECIPES) == PROMISED
