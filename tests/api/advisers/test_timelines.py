"""The training record as a picture: the facts and numbers of the record in JSON, and no name."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import httpx
import pytest

from app.api.advisers.timeline.drawing_axis import AXIS_LEFT, AXIS_RIGHT, TimeAxis, truncate_to_width
from app.api.advisers.timeline.timeline_picture import TEMPLATES
from app.seed.published_catalogue import HISTYA, LA_FABRIK
from tests.api.registration_states import post_action
from tests.api.response_assertions import expect_problem
from tests.embedded.process_probes import run_sql
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer

SVG = "{http://www.w3.org/2000/svg}"
TODAY = "2026-06-15"
A_MODULE = {
    "title": "Un module", "kind": "thematic", "hours": 7, "formats": ["remote"], "open_from": None, "open_until": None,
    "supplementary": False, "prerequisite": "none",
}  # fmt: skip


class DrawnTimeline:
    """A picture, parsed into rows of texts by what they are about."""

    def __init__(self, answer: httpx.Response) -> None:
        self.root = ET.fromstring(answer.raise_for_status().content)  # noqa: S314  # drawn by us

    def rows(self, kind: str) -> dict[str, list[str]]:
        """The texts of each row, from the left to the right and from the top to the bottom."""
        return {
            str(row.get("data-name")): [str(text.text) for text in row.iter(f"{SVG}text")]
            for row in self.elements(kind)
        }

    def elements(self, kind: str) -> Iterator[ET.Element]:
        (section,) = (each for each in self.root.iter(f"{SVG}g") if each.get("data-rows") == kind)
        return (each for each in section.iter(f"{SVG}g") if each.get("data-name"))

    def shapes(self, kind: str) -> dict[str, list[str]]:
        return {
            str(row.get("data-name")): [str(each.get("href")) for each in row.iter(f"{SVG}use")]
            for row in self.elements(kind)
        }


def draw_timeline(client: httpx.Client, adviser_id: str, on: str = TODAY) -> DrawnTimeline:
    return DrawnTimeline(client.get(f"/v1/advisers/{adviser_id}/training-record.svg", params={"on": on}))


def training_record(client: httpx.Client, adviser_id: str, on: str = TODAY) -> dict[str, Any]:
    """The record in JSON, with the rights that have expired."""
    path = f"/v1/advisers/{adviser_id}/training-record"
    found: dict[str, Any] = client.get(path, params={"on": on, "history": "true"}).raise_for_status().json()
    return found


def french(day: str) -> str:
    return f"{date.fromisoformat(day):%d/%m/%Y}"


def adviser_with_everything(client: httpx.Client) -> str:
    """An adviser with rights used, carried over and expired, sessions in each status, and exams due."""
    entered = {"entered_on": "2024-09-02", "ended_on": "2024-12-13"}
    adviser_id = an_adviser_in_post(client, initial_training=entered)
    registrations = [
        register(client, adviser_id, starts_on=day, module_code=module).raise_for_status().json()
        for day, module in (
            ("2024-10-08", "cybersecurite"), ("2025-05-13", "handicap"), ("2026-03-10", "numerique-responsable"),
            ("2026-09-08", "parentalite-numerique"), ("2026-09-15", "cafe-ia"), ("2026-10-06", "handicap"),
            ("2026-11-03", "aidants-connect"),
        )
    ]  # fmt: skip
    post_action(client, registrations[0], "attendance", outcome="completed").raise_for_status()
    absent = {"outcome": "absent_justified", "motive": "medical_certificate"}
    post_action(client, registrations[2], "attendance", **absent).raise_for_status()
    post_action(client, registrations[5], "choice", choice="keep", payer="employer").raise_for_status()
    carried = {"bucket": "civil_year:2025", "motive": "Longue maladie", "decided_on": "2025-12-18"}
    client.post(f"/v1/advisers/{adviser_id}/carry-overs", json=carried).raise_for_status()
    return adviser_id


@pytest.mark.parametrize("on", ["2024-06-15", "2025-09-02", TODAY, "2027-01-01"])
def test_every_number_of_the_record_is_in_the_picture(admin: httpx.Client, on: str) -> None:
    adviser_id = adviser_with_everything(admin)

    record, seen = training_record(admin, adviser_id, on), draw_timeline(admin, adviser_id, on)

    rights = seen.rows("right")
    assert [*rights] == [item["bucket"] for item in record["entitlements"]]
    for item in record["entitlements"]:
        _, days, said, detail = rights[item["bucket"]]
        left = max(item["units"] - item["used"], 0)
        assert said.replace("utilisés", "utilisé") == f"{item['used']} utilisé sur {item['units']}, reste {left}"
        assert all(french(item[end]) in days for end in ("valid_from", "valid_until") if item[end])
        assert detail.endswith(f"règle {item['rule']}")
    owed = seen.rows("obligation")
    assert [*owed] == [item["period"] for item in record["obligations"]]
    for item in record["obligations"]:
        _, days, said, _ = owed[item["period"]]
        if item["period"] == "initial_training":
            assert (days, said) == ("à commencer, en poste depuis le 10/01/2022", "À commencer")
        else:
            assert said.replace("suivis", "suivi") == f"{item['followed']} suivi sur {item['required']}"
            assert french(item["due_on"]) in days
    exams = {name: texts for name, texts in seen.rows("training").items() if name != "entry"}
    assert {name: texts[1].rpartition(" ")[2] for name, texts in exams.items()} == {
        item["qualification"]: french(item["due_on"]) for item in record["certifications"]
    }
    assert seen.rows("training")["entry"][1] == f"le {french(record['initial_training']['entered_on'])}"


def test_the_picture_says_what_excuses_an_obligation(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin)
    a_contract(admin, adviser_id, type="CDD", starts_on="2024-01-08", ends_on="2025-06-30")
    carried = {"bucket": "civil_year:2024", "motive": "Longue maladie", "decided_on": "2025-01-13"}
    admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json=carried).raise_for_status()

    seen = draw_timeline(admin, adviser_id)

    assert {name: texts[3] for name, texts in seen.rows("obligation").items()} == {
        "civil_year:2024": "excusée : par un report",
        "civil_year:2025": "excusée : hors poste à l’échéance",
    }
    assert seen.shapes("obligation") == {"civil_year:2024": ["#excused"], "civil_year:2025": ["#excused"]}


def test_initial_training_owed_is_drawn_without_an_end(admin: httpx.Client) -> None:
    seen = draw_timeline(admin, an_adviser_in_post(admin, initial_training=None))

    assert seen.rows("obligation") == {
        "initial_training": [
            "Formation initiale",
            "à commencer, en poste depuis le 10/01/2022",
            "À commencer",
            "attendue",
        ]
    }
    assert seen.shapes("obligation") == {"initial_training": ["#due"]}


def test_every_session_is_drawn_with_who_funds_it(admin: httpx.Client) -> None:
    adviser_id = adviser_with_everything(admin)
    listed = admin.get("/v1/registrations", params={"adviser_id": adviser_id}).json()["data"]

    seen = draw_timeline(admin, adviser_id)

    shapes = {"accepted": "funded", "completed": "funded", "refused": "refused", "awaiting_choice": "waiting"}
    expected = {
        each["id"]: "unfunded" if each["funding"] == "none" else shapes.get(each["status"], "ended") for each in listed
    }
    assert seen.shapes("session") == {name: [f"#{shape}"] for name, shape in expected.items()}
    assert {*expected.values()} == {"funded", "unfunded", "refused", "ended"}
    first_days = {each["id"]: each["session"]["starts_on"] for each in listed}
    assert [*seen.rows("session")] == sorted(first_days, key=lambda each: first_days[each])
    assert all(french(first_days[name]) in texts[1] for name, texts in seen.rows("session").items())
    holding = {item["bucket"]: len(item["reserved_by"]) for item in training_record(admin, adviser_id)["entitlements"]}
    assert {name: len(points) for name, points in seen.shapes("right").items()} == holding


def test_a_registration_that_awaits_a_choice_is_drawn_as_waiting(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    for day in ("2026-09-08", "2026-09-15"):
        register(admin, adviser_id, starts_on=day).raise_for_status()

    assert [*draw_timeline(admin, adviser_id).shapes("session").values()] == [["#funded"], ["#waiting"]]


def test_a_contract_is_drawn_from_its_first_day_to_its_last(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin)
    over = a_contract(admin, adviser_id, type="CDD", starts_on="2024-01-01", ends_on="2024-12-31")
    broken = a_contract(admin, adviser_id, starts_on="2025-01-01", terminated_on="2025-06-30")
    present = a_contract(admin, adviser_id, starts_on="2026-01-01")

    rows = draw_timeline(admin, adviser_id).rows("contract")

    assert rows == {
        over: ["Contrat à durée déterminée", "du 01/01/2024 au 31/12/2024"],
        broken: ["Contrat rompu", "du 01/01/2025 au 30/06/2025"],
        present: ["Contrat sans terme", "depuis le 01/01/2026", "En poste le 15/06/2026", "dossier complet"],
    }


def test_the_picture_of_an_empty_record_says_that_it_is_empty(admin: httpx.Client) -> None:
    seen = draw_timeline(admin, an_adviser(admin, initial_training=None, in_scheme=False))

    said = "".join(seen.root.itertext())
    assert all(f"auc{rest}" in said for rest in ("un contrat", "un droit", "une inscription", "une obligation"))


def test_a_picture_names_nobody(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin, first_name="Maëlle", last_name="Inconnue", email="maelle@example.org")

    said = admin.get(f"/v1/advisers/{adviser_id}/training-record.svg").text

    assert adviser_id in said
    assert not [name for name in ("Maëlle", "Inconnue", "maelle", "Ville d’exemple", "21350238800019") if name in said]


def test_no_character_of_a_name_breaks_a_picture(own_service: LiveServer) -> None:
    """XML forbids them, in whatever way they are written."""
    code = f"module-{uuid4().hex[:8]}"
    with own_service.client("admin") as admin:
        adviser_id = an_adviser_in_post(admin)
        admin.put(f"/v1/modules/{code}", json=A_MODULE).raise_for_status()
        register(admin, adviser_id, module_code=code).raise_for_status()
        renamed = rf"UPDATE module SET title = U&'Un \FFFF\FFFE\001Bé\+01F600' WHERE code = '{code}'"  # noqa: S608  # ours
        run_sql(own_service.database_url, renamed)

        texts = [text.text or "" for text in draw_timeline(admin, adviser_id).root.iter(f"{SVG}text")]

    assert any(text.startswith("Un \ufffd\ufffd\ufffdé\U0001f600") for text in texts)


@pytest.mark.parametrize("code", [0x00, 0x08, 0x0B, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_no_character_of_a_name_breaks_a_page(code: int) -> None:
    text = f"a{chr(code)}<b"
    template = TEMPLATES.from_string("{{ text }} {{ text | with_code }} {{ number }}")

    assert template.render(text=text, number=1) == "a\ufffd&lt;b a\ufffd&lt;b 1"


@pytest.mark.parametrize("text", ["\t\n\r", "é", "\ud7ff\ue000\ufffd", "\U00010000\U0010ffff"])
def test_every_other_character_is_shown_as_it_is(text: str) -> None:
    assert TEMPLATES.from_string("{{ text }}").render(text=text) == text


def test_a_picture_says_in_words_what_it_shows(admin: httpx.Client) -> None:
    adviser_id = adviser_with_everything(admin)

    seen = draw_timeline(admin, adviser_id)

    described = str(seen.root.findtext(f"{SVG}desc"))
    assert (seen.root.get("role"), seen.root.get("aria-labelledby")) == ("img", "title description")
    assert seen.root.findtext(f"{SVG}title") == "Dossier de formation au 15/06/2026"
    for kind in ("contract", "training", "right", "session", "obligation"):
        assert all(texts[0].rstrip("…") in described for texts in seen.rows(kind).values())


def test_an_organisation_sees_its_own_sessions_and_the_count_of_all(
    admin: httpx.Client, organisation: httpx.Client
) -> None:
    adviser_id = an_adviser_in_post(admin, initial_training=None)
    a_contract(admin, adviser_id, type="CDD", starts_on="2024-01-01", ends_on="2024-12-31")
    register(
        admin,
        adviser_id,
        module_code="formation-initiale",
        training_organisation_id=str(LA_FABRIK),
        starts_on="2025-03-03",
    ).raise_for_status()
    theirs = register(admin, adviser_id, training_organisation_id=str(HISTYA)).raise_for_status().json()
    own = register(admin, adviser_id, starts_on="2025-06-10").raise_for_status().json()

    seen, whole = (draw_timeline(client, adviser_id) for client in (organisation, admin))

    assert [*seen.rows("session")] == [own["id"]]
    assert theirs["id"] in whole.rows("session")
    assert seen.rows("right") == whole.rows("right")
    assert (len(seen.rows("contract")), len(whole.rows("contract"))) == (1, 2)


def test_an_organisation_does_not_see_the_contract_of_another_day(
    admin: httpx.Client, organisation: httpx.Client
) -> None:
    """The record says that it is not communicated, not that there is none."""
    adviser_id = an_adviser(admin)
    a_contract(admin, adviser_id, type="CDD", starts_on="2024-01-01", ends_on="2024-12-31")
    own = a_contract(admin, adviser_id, starts_on="2025-01-01")
    register(admin, adviser_id, starts_on="2025-06-10").raise_for_status()

    other, whole = draw_timeline(organisation, adviser_id, "2024-06-10"), draw_timeline(admin, adviser_id, "2024-06-10")
    same = draw_timeline(organisation, adviser_id, "2025-06-10")

    told = [str(each.root.findtext(f"{SVG}desc")) for each in (other, whole, same)]
    assert ["poste non communiqué" in said for said in told] == [True, False, False]
    assert ["en poste" in said for said in told] == [False, True, True]
    assert "hors poste" not in "".join(told)
    assert (other.rows("contract"), [*same.rows("contract")]) == ({}, [own])


def test_a_picture_that_has_not_changed_is_not_sent_again(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    path = f"/v1/advisers/{adviser_id}/training-record.svg"
    first = admin.get(path, params={"on": TODAY})

    again = admin.get(path, params={"on": TODAY}, headers={"If-None-Match": first.headers["ETag"]})
    register(admin, adviser_id, starts_on="2026-09-08").raise_for_status()
    after = admin.get(path, params={"on": TODAY}, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert after.status_code == 200
    assert after.headers["ETag"] != first.headers["ETag"]


def test_a_picture_is_french_and_runs_nothing(admin: httpx.Client) -> None:
    answer = admin.get(
        f"/v1/advisers/{an_adviser(admin)}/training-record.svg", headers={"Accept-Language": "en"}
    ).raise_for_status()

    assert (answer.headers["Content-Type"], answer.headers["Content-Language"]) == ("image/svg+xml", "fr")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    drawing = answer.text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"<script|<style|<image|\sstyle=|\son\w+=|https?:|data:", drawing)


def test_a_record_links_to_its_picture(admin: httpx.Client) -> None:
    record = training_record(admin, an_adviser_in_post(admin))

    seen = DrawnTimeline(admin.get(record["links"]["picture"]))

    assert seen.root.findtext(f"{SVG}title") == "Dossier de formation au 15/06/2026"


def test_a_picture_is_of_today_by_default(admin: httpx.Client) -> None:
    path = f"/v1/advisers/{an_adviser(admin)}/training-record.svg"

    assert f"{MORNING:%d/%m/%Y}" in admin.get(path).text
    expect_problem(admin.get(path, params={"on": "demain"}), 400, "invalid-parameter")


DAYS = [date(2021, 1, 1) + timedelta(days=number) for number in range(365 * 4 + 1)]


def test_a_later_day_stands_further_to_the_right() -> None:
    axis = TimeAxis(2021, 2024)

    places = [axis.x(day) for day in DAYS]

    assert places == sorted(places)
    assert len({*places}) == len(places)
    assert (places[0], axis.span(DAYS[0], DAYS[-1])) == (AXIS_LEFT, (AXIS_LEFT, AXIS_RIGHT))
    assert axis.span(DAYS[100], None) == (places[100], AXIS_RIGHT)


@pytest.mark.parametrize("last", [2021, 2024, 2035, 2060, 2109])
def test_years_have_room_for_their_names_and_fill_the_axis(last: int) -> None:
    years = [*TimeAxis(2021, last).years()]

    assert all(right - left >= 34 for _, left, right in years[:-1])
    assert [left for _, left, _ in years[1:]] == [right for *_, right in years[:-1]]
    assert (years[0][0], years[0][1], years[-1][2]) == (2021, AXIS_LEFT, AXIS_RIGHT)


def test_a_text_that_has_no_room_is_cut_short() -> None:
    assert truncate_to_width("Cybersécurité", 200, 12) == "Cybersécurité"
    assert (
        truncate_to_width("Accompagnement des publics en situation de handicap", 200, 12)
        == "Accompagnement des publics e…"
    )
    assert truncate_to_width("Cybersécurité", 5, 12) == "…"
