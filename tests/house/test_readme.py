import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.house.documents import DOCUMENTS, PROJECT
from tests.live_server import LiveServer

README = DOCUMENTS["README.md"]
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


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing: `apt-get install curl`")
def test_the_first_registrations_of_the_readme_have_the_answers_it_shows(served_demonstration: LiveServer) -> None:
    definition = next(text for _, text in BLOCKS if "register()" in text).partition("\n")[2]

    for call, shown in CALLS:
        script = f"KEY={served_demonstration.keys['platform']}\n{definition}\n{call}".replace(
            "http://127.0.0.1:8000", served_demonstration.base_url
        )
        answer = subprocess.run(["bash", "-euc", script], check=True, capture_output=True, text=True)

        assert _same(shown, json.loads(answer.stdout)) == []
    assert len(CALLS) == 3


def folders_of_the_map() -> set[str]:
    """What the tree of the README names, each by its whole path."""
    (tree,) = (
        block for block in re.findall(r"^```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL) if "app/" in block
    )
    found: set[str] = set()
    above: list[str] = []
    for line in tree.splitlines():
        indent, names = re.findall(r"^( *)((?:[a-z_]+/(?:  |$))+)", line)[0]
        above = above[: len(indent) // 2]
        found |= {"/".join((*above, name)) for name in re.findall(r"([a-z_]+)/", names)}
        above.append(re.findall(r"([a-z_]+)/", names)[-1])
    return found


def test_the_map_names_every_room() -> None:
    rooms = {path.parent.relative_to(PROJECT).as_posix() for path in (PROJECT / "app").rglob("__init__.py")}
    named = folders_of_the_map()

    assert sorted(rooms - named) == []
    assert sorted(name for name in named if not (PROJECT / name).is_dir()) == []
