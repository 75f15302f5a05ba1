"""The page of a support link over HTTP: what was decided, a form to contest or justify, and what became of it."""

import re
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.api.http.limits.rate_limiter import RateLimiter
from app.use_cases.registrations.answer_personal_link import PERSONAL_LINK_CLIENT
from app.use_cases.registrations.support_links import SupportSubject, subject_of_token, support_link
from tests.api.administration.support_request_builders import MOTIVE, answer, open_request
from tests.api.pages.support_links import TEXT, adviser_path, certification_path, registration_path, requests_of
from tests.api.registration_states import (
    accepted_registration,
    attended_registration,
    initial_training_registration,
    refused_registration,
    upcoming_registration,
)
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post
from tests.live_server import PEPPER, LiveServer

CONTEST = {"matter": "contestation", "text": TEXT}
JUSTIFY = {"matter": "justification", "text": TEXT}


@pytest.fixture
def visitor(anonymous: httpx.Client) -> httpx.Client:
    """Somebody without a key."""
    anonymous.headers.pop("Authorization", None)
    return anonymous


@pytest.fixture
def set_clock(served: LiveServer) -> Generator[Callable[[datetime], None]]:
    def set_to(now: datetime) -> None:
        served.clock.now = now

    yield set_to
    served.clock.now = MORNING


def _words(page: httpx.Response) -> str:
    """What is read on the page, with plain spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).replace("\u00a0", " ").replace("\u202f", " ").split())


def _missed_exam(client: httpx.Client, adviser: str) -> dict[str, Any]:
    body = {"adviser_id": adviser, "qualification": "pix", "outcome": "absent_unjustified", "on": "2026-05-12"}
    result: dict[str, Any] = client.post("/v1/certifications", json=body).raise_for_status().json()
    return result


def test_the_page_is_secret_and_runs_nothing(visitor: httpx.Client, platform: httpx.Client) -> None:
    page = visitor.get(registration_path(upcoming_registration(platform)))

    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "script" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert "Camille" not in page.text


def test_it_says_what_was_decided_why_and_how_it_is_put_right(visitor: httpx.Client, platform: httpx.Client) -> None:
    refused = refused_registration(platform)

    said = _words(visitor.get(registration_path(refused)))

    assert "Votre inscription est refusée" in said
    assert "aucun contrat de travail connu" in said
    assert "La structure employeuse déclare le contrat" in said
    assert "Qui agit : votre structure employeuse" in said
    assert "automatiquement selon les règles publiées" in said


def test_reading_changes_nothing(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    registration = upcoming_registration(platform)

    pages = [visitor.get(registration_path(registration)) for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert requests_of(admin, registration["adviser_id"]) == []


def test_a_decision_is_contested(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    refused = refused_registration(platform)
    path = registration_path(refused)

    sent = visitor.post(path, data=CONTEST)

    assert (sent.status_code, sent.headers["Location"]) == (303, path)
    (request,) = requests_of(admin, refused["adviser_id"])
    assert (request["kind"], request["registration_id"]) == ("contestation", refused["id"])
    assert (request["text"], request["opened_by"], request["status"]) == (TEXT, "adviser", "open")
    said = _words(visitor.get(path))
    assert "Contestation du 15 juin 2026 ouverte Ouverte par vous" in said
    assert "au plus tard le 14 août 2026" in said
    assert TEXT not in said  # a forwarded link tells nothing of somebody's health


def test_an_absence_is_justified(visitor: httpx.Client, admin: httpx.Client) -> None:
    missed = attended_registration(admin, "absent_unjustified")

    page = visitor.get(registration_path(missed))
    visitor.post(registration_path(missed), data=JUSTIFY)

    assert "Je justifie mon absence" in _words(page)
    (request,) = requests_of(admin, missed["adviser_id"])
    assert (request["kind"], request["registration_id"]) == ("justification", missed["id"])


def test_only_an_absence_is_justified(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    accepted = accepted_registration(platform)

    page = visitor.post(registration_path(accepted), data=JUSTIFY)

    assert page.status_code == 422
    assert "justifie" not in _words(page)
    assert requests_of(admin, accepted["adviser_id"]) == []


def test_an_absence_from_an_exam_is_justified(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    adviser = an_adviser_in_post(platform)
    result = _missed_exam(platform, adviser)

    said = _words(visitor.get(certification_path(result)))
    visitor.post(certification_path(result), data=JUSTIFY)

    assert "Votre absence à l’examen n’est pas justifiée" in said
    assert "à la charge de votre structure employeuse" in said
    (request,) = requests_of(admin, adviser)
    assert (request["kind"], request["certification_id"]) == ("justification", result["id"])


def test_modules_not_followed_are_justified(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(platform)

    page = visitor.get(adviser_path(adviser))
    visitor.post(adviser_path(adviser), data={"matter": "justification:civil_year:2025", "text": TEXT})

    assert "Je justifie de n’avoir pas suivi le module de l’année 2025" in _words(page)
    (request,) = requests_of(admin, adviser)
    assert (request["kind"], request["period"]) == ("justification", "civil_year:2025")
    assert "au sujet de : le module de l’année 2025" in _words(visitor.get(adviser_path(adviser)))


def test_an_initial_training_not_begun_is_justified(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    adviser = an_adviser_in_post(platform, initial_training=None)

    page = visitor.get(adviser_path(adviser))
    visitor.post(adviser_path(adviser), data={"matter": "justification:initial_training", "text": TEXT})
    (request,) = requests_of(admin, adviser)
    answer(admin, request).raise_for_status()

    said = "Je justifie de n’avoir pas commencé la formation initiale"
    assert said in _words(page)
    assert request["period"] == "initial_training"
    assert said not in _words(visitor.get(adviser_path(adviser)))


def test_an_annulled_result_is_shown_as_such(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    adviser = an_adviser_in_post(platform)
    result = _missed_exam(platform, adviser)
    admin.post(f"/v1/certifications/{result['id']}/annulment", json={"motive": "Erreur"}).raise_for_status()

    said = _words(visitor.get(certification_path(result)))

    assert "Ce résultat d’examen est annulé" in said
    assert "Je justifie" not in said
    assert ": annulé" in _words(visitor.get(adviser_path(adviser)))


def test_exams_not_presented_are_justified(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    entered = {"entered_on": "2025-03-03", "ended_on": "2025-05-16"}
    adviser = an_adviser_in_post(platform, initial_training=entered)

    page = visitor.get(adviser_path(adviser))
    visitor.post(adviser_path(adviser), data={"matter": "justification:exams", "text": TEXT})

    assert "Je justifie de n’avoir pas présenté un examen" in _words(page)
    assert [item["kind"] for item in requests_of(admin, adviser)] == ["justification"]


def test_the_page_of_an_adviser_leads_to_each_decision(visitor: httpx.Client, platform: httpx.Client) -> None:
    registration = initial_training_registration(platform)
    result = _missed_exam(platform, registration["adviser_id"])

    page = visitor.get(adviser_path(registration["adviser_id"]))

    linked = re.findall(r'href="(/support/[^"]+)"', page.text)
    assert linked == [registration_path(registration), certification_path(result)]
    assert [visitor.get(path).status_code for path in linked] == [200, 200]


def test_a_second_click_asks_nothing_more(visitor: httpx.Client, admin: httpx.Client) -> None:
    missed = attended_registration(admin, "absent_unjustified")
    path = registration_path(missed)

    sent = [visitor.post(path, data=form).status_code for form in (JUSTIFY, CONTEST, CONTEST)]

    assert sent == [303, 303, 303]
    assert [item["kind"] for item in requests_of(admin, missed["adviser_id"])] == ["justification", "contestation"]
    assert "Envoyer la demande" not in visitor.get(path).text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (CONTEST | {"text": "  "}, "Écrivez ce que vous demandez"),
        ({"matter": "contestation"}, "Écrivez ce que vous demandez"),
        (CONTEST | {"text": "x" * 2001}, "Au plus 2000 caractères"),
        ({"text": TEXT}, "Choisissez ce que vous demandez"),
        (CONTEST | {"matter": "money"}, "Choisissez ce que vous demandez"),
        ({"matter": ["contestation", "justification"], "text": TEXT}, "Choisissez ce que vous demandez"),
    ],
)
def test_an_error_is_said_beside_its_field_and_the_text_is_kept(
    visitor: httpx.Client, admin: httpx.Client, form: dict[str, Any], said: str
) -> None:
    missed = attended_registration(admin, "absent_unjustified")

    page = visitor.post(registration_path(missed), data=form)

    assert page.status_code == 422
    assert said in _words(page)
    assert "<title>Erreur" in page.text
    kept = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
    assert [each.strip() for each in kept] == [form.get("text", "").strip()]
    assert requests_of(admin, missed["adviser_id"]) == []


def test_what_was_typed_is_shown_as_it_was_typed(visitor: httpx.Client, platform: httpx.Client) -> None:
    page = visitor.post(
        registration_path(upcoming_registration(platform)), data={"matter": "?", "text": "Ah ! <b>2 < 3</b>"}
    )

    assert "Ah ! &lt;b&gt;2 &lt; 3&lt;/b&gt;</textarea>" in page.text


def test_the_answer_is_read_there(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(platform)
    visitor.post(adviser_path(adviser), data={"matter": "justification:civil_year:2025", "text": TEXT})
    (request,) = requests_of(admin, adviser)
    effect = {"carry_over": {"bucket": "civil_year:2025", "decided_on": "2026-01-12"}}
    answer(admin, request, effect=effect).raise_for_status()

    said = _words(visitor.get(adviser_path(adviser)))

    assert f"Réponse d’une personne, le 15 juin 2026 : {MOTIVE}" in said
    assert "Votre droit est reporté sur l’année suivante." in said
    assert "Retirer cette demande" not in said


def test_what_others_asked_for_the_adviser_is_shown_and_left_to_them(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    registration = upcoming_registration(platform)
    own = {"registration_id": registration["id"]}
    request = open_request(platform, registration["adviser_id"], **own)
    path = registration_path(registration)

    page = visitor.get(path)
    withdrawn = visitor.post(path, data={"withdraw": request["id"]})

    assert "pour vous, par La Coop de la médiation numérique" in _words(page)
    assert "Retirer cette demande" not in page.text
    assert withdrawn.status_code == 303
    assert [item["status"] for item in requests_of(admin, registration["adviser_id"])] == ["open"]


def test_an_open_one_is_withdrawn(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    registration = upcoming_registration(platform)
    path = registration_path(registration)
    visitor.post(path, data=CONTEST)
    (request,) = requests_of(admin, registration["adviser_id"])

    sent = [visitor.post(path, data={"withdraw": request["id"]}).status_code for _ in range(2)]

    assert sent == [303, 303]
    assert [item["status"] for item in requests_of(admin, registration["adviser_id"])] == ["withdrawn"]
    page = visitor.get(path)
    assert "retirée" in _words(page)
    assert "Envoyer la demande" in page.text


def test_nobody_withdraws_what_another_adviser_asked(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    one, other = upcoming_registration(platform), upcoming_registration(platform)
    visitor.post(registration_path(one), data=CONTEST)
    (request,) = requests_of(admin, one["adviser_id"])

    sent = [
        visitor.post(registration_path(other), data={"withdraw": each}).status_code
        for each in (request["id"], str(uuid4()))
    ]

    assert sent == [303, 303]
    assert requests_of(admin, one["adviser_id"]) == [request]


def test_nobody_can_make_a_link_without_the_secret(visitor: httpx.Client, platform: httpx.Client) -> None:
    registration = upcoming_registration(platform)
    subject = UUID(registration["id"])
    forged = support_link("", ["another secret that is long enough for it"], SupportSubject.REGISTRATION, subject)
    of_another_kind = support_link("", PEPPER.secrets, SupportSubject.CERTIFICATION, subject)
    token = registration_path(registration).removeprefix("/support/")

    assert visitor.post(forged, data=CONTEST).status_code == 404
    assert visitor.get(of_another_kind).status_code == 404
    assert visitor.get("/support/unknown").status_code == 404
    assert visitor.get(f"/support/{token[:-4]}").status_code == 404
    assert visitor.get(f"/support/é{token[1:]}").status_code == 404
    assert subject_of_token(token, ["a new secret", *PEPPER.secrets]) == (SupportSubject.REGISTRATION, subject)
    assert registration["adviser_id"] not in token


def test_a_link_expires_a_year_after_its_session(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client, set_clock: Any
) -> None:
    registration = upcoming_registration(platform)  # on 15 September 2026
    path = registration_path(registration)

    set_clock(datetime(2027, 9, 15, 21, 59, tzinfo=UTC))
    last = visitor.get(path)
    set_clock(datetime(2027, 9, 15, 22, 0, tzinfo=UTC))  # midnight in Paris
    late, sent = visitor.get(path), visitor.post(path, data=CONTEST)
    set_clock(MORNING)

    assert (last.status_code, late.status_code, sent.status_code) == (200, 410, 410)
    assert "valable jusqu’au 15 septembre 2027 inclus" in _words(last)
    assert "Ce lien n’est plus valable" in _words(late)
    assert requests_of(admin, registration["adviser_id"]) == []


def test_or_after_what_was_recorded_long_after(visitor: httpx.Client, platform: httpx.Client) -> None:
    adviser = an_adviser_in_post(platform)
    body = {"adviser_id": adviser, "qualification": "pix", "outcome": "failed", "on": "2023-05-12"}
    result = platform.post("/v1/certifications", json=body).raise_for_status().json()

    assert "valable jusqu’au 15 juin 2027 inclus" in _words(visitor.get(certification_path(result)))
    assert "valable jusqu’au 15 juin 2027 inclus" in _words(visitor.get(adviser_path(adviser)))


@pytest.fixture
def few_bad_links(served: LiveServer) -> Generator[None]:
    before, served.service.bad_link_limiter = served.service.bad_link_limiter, RateLimiter(3)
    yield
    served.service.bad_link_limiter = before


@pytest.mark.usefixtures("few_bad_links")
def test_an_address_that_tries_links_without_end_waits(
    visitor: httpx.Client, platform: httpx.Client, set_clock: Any
) -> None:
    good = registration_path(upcoming_registration(platform))
    statuses = [visitor.get("/support/x").status_code for _ in range(3)]
    waits = visitor.get("/support/y"), visitor.post("/support/y", data=CONTEST)
    opened = visitor.get(good)
    set_clock(datetime(2029, 1, 1, tzinfo=UTC))
    expired = visitor.get(good)

    assert statuses == [404, 404, 404]
    assert [page.status_code for page in (*waits, opened, expired)] == [429, 429, 200, 429]


def test_a_person_without_an_identity_is_shown_nothing(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    registration = upcoming_registration(platform)
    adviser = registration["adviser_id"]
    admin.delete(f"/v1/advisers/{adviser}", headers={"If-Match": "*"}).raise_for_status()

    pages = [visitor.get(path) for path in (registration_path(registration), adviser_path(adviser))]

    assert [page.status_code for page in pages] == [404, 404]


def test_what_is_asked_leaves_its_line_in_the_audit_log(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    registration = upcoming_registration(platform)
    visitor.post(registration_path(registration), data=CONTEST)
    (request,) = requests_of(admin, registration["adviser_id"])
    visitor.post(registration_path(registration), data={"withdraw": request["id"]})

    lines = admin.get("/v1/audit-log", params={"subject_id": request["id"]}).json()["data"]

    acted = {line["action"] for line in lines if line["actor"] == str(PERSONAL_LINK_CLIENT.id)}
    assert acted == {"openSupportRequestByLink", "withdrawSupportRequestByLink"}


def test_the_way_back_to_the_page_does_not_hang_on_the_name_of_the_host(
    visitor: httpx.Client, platform: httpx.Client
) -> None:
    path = registration_path(upcoming_registration(platform))

    sent = visitor.post(path, data=CONTEST, headers={"Host": "a//evil.example"})

    assert (sent.status_code, sent.headers["Location"]) == (303, path)


def test_what_is_no_form_is_not_read(visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client) -> None:
    registration = upcoming_registration(platform)

    page = visitor.post(registration_path(registration), json=CONTEST)

    assert page.status_code == 200
    assert requests_of(admin, registration["adviser_id"]) == []
