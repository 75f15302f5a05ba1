import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.domain.refusals import Reason
from app.settings import Settings
from tests.served import Served

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
BLOCKS = re.findall(r"^```(sh|json)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CALLS = [
    (text, json.loads(BLOCKS[place + 1][1])) for place, (_, text) in enumerate(BLOCKS) if text.startswith("register ")
]
CHANGING = {"id", "decided_at", "created_at", "updated_at", "links"}


def _same(shown: Any, found: Any, place: str = "") -> list[str]:
    """Where the answer differs from what is shown; identifiers and instants are new at each call."""
    kind = type(shown).__name__
    if kind == "dict":
        names = [name for name in shown if name not in CHANGING]
        return [line for name in names for line in _same(shown[name], found.get(name), f"{place}/{name}")]
    if kind == "list" and len(shown) == len(found):
        return [line for number, item in enumerate(shown) for line in _same(item, found[number], f"{place}/{number}")]
    return [] if shown == found else [f"{place}: {shown} shown, {found} found"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's calls need curl: install it")
def test_the_first_registrations_of_the_readme_have_the_answers_it_shows(demonstrated: Served) -> None:
    definition = next(text for _, text in BLOCKS if "register()" in text).partition("\n")[2]

    for call, shown in CALLS:
        script = f"KEY={demonstrated.keys['platform']}\n{definition}\n{call}".replace(
            "http://127.0.0.1:8000", demonstrated.base_url
        )
        answer = subprocess.run(["bash", "-euc", script], check=True, capture_output=True, text=True)

        assert _same(shown, json.loads(answer.stdout)) == []
    assert len(CALLS) == 3


def test_the_table_of_reasons_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (R\d+) \| (\w+) \|$", README, re.MULTILINE)

    found = [
        (str(reason), reason.rule, str(reason.who_acts)) for reason in Reason if reason != Reason.MODULE_QUOTA_EXCEEDED
    ]

    assert rows == found


def test_every_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"`((?:app|tests|benchmarks|migrations|openapi)/[\w/.-]*)`", README)

    missing = [name for name in named if not (PROJECT / name).exists()]

    assert missing == []


def test_every_setting_is_in_the_example_of_the_environment() -> None:
    named = set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))

    assert named == {name.upper() for name in Settings.model_fields}
