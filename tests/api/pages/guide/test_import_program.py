"""The program that imports a spreadsheet, against a served demonstration with a worker."""

import json
from pathlib import Path

from tests.api.pages.guide.guide_programs import bash
from tests.api.pages.guide.guide_worker import a_worker
from tests.imports.sample_files import ADVISERS, an_adviser, csv_bytes
from tests.live_server import LiveServer


def test_good_lines_are_imported_and_the_others_given_back(
    shell: None, served_demonstration: LiveServer, tmp_path: Path
) -> None:
    del shell
    file = tmp_path / "conseillers.csv"
    file.write_bytes(csv_bytes(ADVISERS, an_adviser(8_000_001), an_adviser(8_000_002, date="14/03/22")))
    settings = {"BASE_URL": served_demonstration.base_url, "API_KEY": served_demonstration.keys["admin"]}

    with a_worker(served_demonstration.database_url):
        done = bash("import.sh", tmp_path).run(**settings, KIND="advisers", FILE=str(file))

    assert done.stderr == ""
    counts = {"status": "done", "read": 2, "imported": 1, "unchanged": 0, "rejected": 1, "failure": None}
    assert json.loads(done.stdout) == counts
    assert "quatre chiffres" in (tmp_path / "conseillers.rejects.csv").read_text("utf-8-sig")
