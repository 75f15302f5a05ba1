"""The sign-in sheet: a page a day, a line for each person who has a seat, and nothing that a browser would fetch."""

import re
from base64 import b64encode
from hashlib import sha256

import httpx

from tests.http_builders import a_contract, an_adviser, an_adviser_in_post
from tests.live_server import idempotency_headers
from tests.session_builders import a_session, register_in_session

NO_BREAK_SPACE = "\u00a0"
HOURS = [
    {"on": "2028-02-08", "from": "09:00", "until": "12:30"},
    {"on": "2028-02-08", "from": "13:30", "until": "17:00"},
    {"on": "2028-02-09", "from": "09:00", "until": "12:30"},
]


def sheet_of(client: httpx.Client, session: str) -> httpx.Response:
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}  # as a browser asks
    return client.get(f"/v1/sessions/{session}/roster", headers=headers).raise_for_status()


def pages_of(client: httpx.Client, session: str) -> list[str]:
    return re.findall(r"<section.*?</section>", sheet_of(client, session).text, re.DOTALL)


def headings(page: str) -> list[str]:
    return re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", page)


def test_each_day_has_its_page_and_its_hours(organisation: httpx.Client) -> None:
    first, second = pages_of(organisation, a_session(organisation, hours=HOURS, reference="MED-EM-1"))

    assert "Mardi 8 février 2028 — jour 1 sur 2" in first.replace(NO_BREAK_SPACE, " ")
    assert "Mercredi 9 février 2028 — jour 2 sur 2" in second.replace(NO_BREAK_SPACE, " ")
    assert "de 9 h à 12 h 30, puis de 13 h 30 à 17 h" in first.replace(NO_BREAK_SPACE, " ")
    assert headings(first) == ["N°", "Nom et prénom", "Structure employeuse", "Matin", "Après-midi"]
    assert headings(second) == ["N°", "Nom et prénom", "Structure employeuse", "Matin"]
    for page in (first, second):
        assert all(said in page for said in ("La Mednum", "MED-EM-1", "Les Champs libres, 10", "Formateur"))


def test_without_hours_each_working_day_has_a_page(organisation: httpx.Client) -> None:
    session = a_session(organisation, starts_on="2028-02-10", ends_on="2028-02-15")

    found = [page.replace(NO_BREAK_SPACE, " ") for page in pages_of(organisation, session)]
    assert [re.findall(r"(Jeudi|Vendredi|Lundi|Mardi) (\d+)", page)[0] for page in found] == [
        ("Jeudi", "10"), ("Vendredi", "11"), ("Lundi", "14"), ("Mardi", "15"),
    ]  # fmt: skip
    assert all('<dd class="blank"></dd>' in page for page in found)


def test_whoever_has_a_seat_has_a_line_in_order(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(organisation, starts_on="2028-03-07", seats={"maximum": 2})
    for name in ("L’Hôte & <fils>", "Quéméner", "Waiting"):
        adviser = an_adviser(admin, last_name=name, first_name="Inès")
        a_contract(admin, adviser)
        register_in_session(admin, adviser, session)

    (page,) = pages_of(organisation, session)
    assert re.findall(r'<th scope="row">(.*?)</th>', page) == ["L’Hôte &amp; &lt;fils&gt; Inès", "Quéméner Inès"]
    assert re.findall(r'<td class="number">(\d+)</td>', page) == ["1", "2"]
    assert page.count("Ville d’exemple") == 2
    assert "Waiting" not in page
    assert "camille@example.org" not in page


def test_french_typography_is_kept(organisation: httpx.Client) -> None:
    (page,) = pages_of(organisation, a_session(organisation, starts_on="2028-03-01"))

    assert re.search(f"« {NO_BREAK_SPACE}|«{NO_BREAK_SPACE}[^»]+{NO_BREAK_SPACE}»", page)
    assert f"Mercredi 1er{NO_BREAK_SPACE}mars" in page
    assert "'" not in re.sub("<[^>]+>", "", page)
    assert not re.search(r"\w [;:?!»]", re.sub("<[^>]+>", "", page))


def test_a_page_runs_nothing_and_asks_for_nothing(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(organisation)
    register_in_session(admin, an_adviser_in_post(admin), session)
    answer = sheet_of(organisation, session)

    style = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(style[0].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert len(style) == 1
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert f"style-src &#39;sha256-{digest.replace('+', '&#43;')}" in answer.text.replace("+", "&#43;")
    assert not re.search(r"<script|<link|<img|<iframe|\sstyle=|\son\w+=|url\(|https?://", answer.text)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Accept-Language, Accept"


def test_a_sheet_of_a_cancelled_session_says_so(organisation: httpx.Client) -> None:
    session = a_session(organisation, starts_on="2028-03-14")
    url = f"/v1/sessions/{session}/cancellation"
    organisation.post(url, json={}, headers=idempotency_headers()).raise_for_status()

    (page,) = pages_of(organisation, session)
    assert "Cette session est annulée" in page
    assert "Personne n’a de place dans cette session." in page
