"""The documents name what is there: files, tests, make targets, one another."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.documents import DOCUMENTS, PROJECT, anchors_of, paths_in, sections

TARGETS = set(re.findall(r"^([a-z-]+):.*##", (PROJECT / "Makefile").read_text(), re.MULTILINE))
DECISIONS = sorted(path for path in (PROJECT / "docs" / "decisions").glob("*.md") if path.name != "README.md")
PARTS = ["Context", "Decision", "Consequence", "What would change it"]
CLAIMS = re.findall(r"^\| (.+?) \| (.+) \|$", DOCUMENTS["docs/claims.md"], re.MULTILINE)
SUPPORT = {"tests/conftest.py", "tests/domain/survivors.md"}  # they prove by being there, for every test
LONGEST_README = 210

every_document = pytest.mark.parametrize("document", DOCUMENTS)


@every_document
def test_every_file_that_a_document_names_exists(document: str) -> None:
    missing = [name for name in paths_in(DOCUMENTS[document]) if not (PROJECT / name).exists()]

    assert missing == []


@every_document
def test_every_link_leads_somewhere(document: str) -> None:
    folder = (PROJECT / document).parent
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", DOCUMENTS[document]):
        name, _, anchor = target.partition("#")
        led_to = (folder / name).resolve() if name else PROJECT / document

        assert led_to.exists(), target
        assert not anchor or anchor in anchors_of(led_to.read_text()), target


@every_document
def test_every_target_that_a_document_names_is_in_the_makefile(document: str) -> None:
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", DOCUMENTS[document], re.MULTILINE)) <= TARGETS


def test_every_document_that_the_code_names_exists() -> None:
    folders = (PROJECT / name for name in ("app", "tests", "benchmarks", "migrations"))
    named = {
        name
        for folder in folders
        for path in folder.rglob("*.py")
        for name in re.findall(r"docs/[\w/-]+\.md", path.read_text())
    }

    assert {name for name in named if name not in DOCUMENTS} == set()


def holds_a_test(path: Path) -> bool:
    """Whether pytest collects something there."""
    if path.is_dir():
        return any(map(holds_a_test, path.rglob("test_*.py")))
    names = (
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return path.name.startswith("test_") and any(name.startswith("test_") for name in names)


@pytest.mark.parametrize(
    "document", [name for name, text in DOCUMENTS.items() if "Proof: `" in text or name == "docs/claims.md"]
)
def test_what_proves_a_claim_is_collected(document: str) -> None:
    proofs = {name for name in paths_in(DOCUMENTS[document]) if name.startswith("tests/")} - SUPPORT

    assert [name for name in sorted(proofs) if not holds_a_test(PROJECT / name)] == []


def test_every_claim_has_a_proof() -> None:
    stated = [(claim, proof) for claim, proof in CLAIMS if claim not in {"claim", "---"}]

    assert [claim for claim, proof in stated if not re.search(r"`(tests/|make )", proof)] == []
    assert len({claim for claim, _ in stated}) == len(stated) > 70


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_says_why_what_follows_and_what_would_change_it(path: Path) -> None:
    found = sections(path.read_text())

    assert list(found) == PARTS
    assert all(len(text.split()) > 3 for text in found.values())


def test_the_index_of_decisions_lists_each_once_by_its_title() -> None:
    titles = {path.name: path.read_text().splitlines()[0].removeprefix("# ") for path in DECISIONS}
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", DOCUMENTS["docs/decisions/README.md"], re.MULTILINE)

    assert len(listed) == len(dict(listed))
    assert {name: title for title, name in listed} == titles


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(DOCUMENTS["README.md"].splitlines()) <= LONGEST_README
