"""The organisation's path of the guide, from publishing to attendance, against a served demonstration with a worker."""

import json
from pathlib import Path

from icalendar import Calendar

from tests.api.pages.guide.guide_programs import SAMPLES, bash, python, sample_output
from tests.api.pages.guide.guide_worker import a_worker
from tests.live_server import LiveServer


def settings(served: LiveServer) -> dict[str, str]:
    return {"BASE_URL": served.base_url, "API_KEY": served.keys["training_organisation"]}


def test_a_session_is_published_filled_confirmed_and_moved(served_demonstration: LiveServer, tmp_path: Path) -> None:
    with a_worker(served_demonstration.database_url):
        done = python("session.py", tmp_path).run(**settings(served_demonstration))

    assert (done.stdout, done.stderr) == (sample_output("session.txt"), "")
    assert (tmp_path / "inscrits.csv").read_text("utf-8-sig").startswith("Place;Nom;Prénom;")
    assert (tmp_path / "emargement.html").read_text().count("<section") >= 2
    calendar = Calendar.from_ical((tmp_path / "session.ics").read_bytes())
    assert len(calendar.events) >= 2


def test_the_attendance_of_all_is_recorded_at_once(served_demonstration: LiveServer, tmp_path: Path) -> None:
    program = python("attendance.py", tmp_path)

    done, again = (program.run(**settings(served_demonstration), REFERENCE="MED-CAFE-02") for _ in range(2))

    assert (done.stdout, done.stderr) == (sample_output("attendance.txt"), "")
    assert again.stdout == done.stdout


def test_a_calendar_is_imported_line_by_line(shell: None, served_demonstration: LiveServer, tmp_path: Path) -> None:
    del shell
    file = tmp_path / "calendrier.csv"
    file.write_bytes((SAMPLES / "calendrier.csv").read_bytes())

    with a_worker(served_demonstration.database_url):
        done = bash("import.sh", tmp_path).run(**settings(served_demonstration), KIND="sessions", FILE=str(file))

    assert done.stderr == ""
    counts = {"status": "done", "read": 3, "imported": 2, "unchanged": 0, "rejected": 1, "failure": None}
    assert json.loads(done.stdout) == counts
    assert "AG-2028-03" in (tmp_path / "calendrier.rejects.csv").read_text("utf-8-sig")
    with served_demonstration.client("platform") as platform:
        found = platform.get("/v1/sessions", params={"reference": "AG-2028-01"}).json()["data"][0]
    assert (found["starts_on"], len(found["hours"]), found["seats"]["maximum"]) == ("2028-06-06", 4, 12)
