"""The personal page over HTTP: what each link shows, and that only its form records an answer, once."""

import re
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.api.http.limits.rate_limiter import RateLimiter
from app.use_cases.registrations.answer_personal_link import PERSONAL_LINK_CLIENT
from app.use_cases.registrations.personal_links import decision_of_token, personal_link
from tests.api.registration_states import UPCOMING_DAY, post_action, read_registration, refused_registration, reschedule
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, policy_body
from tests.live_server import PEPPER, TLS_CONTEXT, LiveServer, idempotency_headers
from tests.outbox.emails.personal_links import over_quota_registration, personal_link_path

KEEP = {"choice": "keep", "payer": "employer"}
CANCEL = {"choice": "cancel"}


@pytest.fixture
def visitor(served: LiveServer) -> Generator[httpx.Client]:
    """A browser without an API key."""
    with httpx.Client(base_url=served.base_url, timeout=30, verify=TLS_CONTEXT) as client:
        yield client


@pytest.fixture
def set_clock(served: LiveServer) -> Generator[Any]:
    """A function that sets the clock of the service until the test ends."""

    def moved(now: datetime) -> None:
        served.clock.now = now

    yield moved
    served.clock.now = MORNING


def _events(client: httpx.Client, registration: dict[str, Any]) -> list[str]:
    page = client.get("/v1/events", params={"limit": 500}).json()
    found: list[str] = []
    while True:
        found += [event["type"] for event in page["data"] if event["subject"]["id"] == registration["id"]]
        if page["up_to_date"]:
            return found
        page = client.get("/v1/events", params={"limit": 500, "after": page["next"]}).json()


def test_reading_changes_nothing(visitor: httpx.Client, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)

    pages = [visitor.get(personal_link_path(waiting)) for _ in range(3)]

    assert [page.status_code for page in pages] == [200] * 3
    assert read_registration(platform, waiting) == waiting


def test_the_page_is_secret_and_runs_nothing(visitor: httpx.Client, platform: httpx.Client) -> None:
    page = visitor.get(personal_link_path(over_quota_registration(platform)))

    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "script" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Language"] == "fr"
    assert "<script" not in page.text
    assert "Camille" not in page.text


def test_keeping_is_the_same_as_through_the_api(
    visitor: httpx.Client, platform: httpx.Client, organisation: httpx.Client
) -> None:
    waiting = over_quota_registration(platform)

    answered = visitor.post(personal_link_path(waiting), data=KEEP)

    assert (answered.status_code, answered.headers["Location"]) == (303, personal_link_path(waiting))
    kept = read_registration(platform, waiting)
    assert (kept["status"], kept["funding"], kept["payer"]) == ("accepted", "none", "employer")
    assert _events(organisation, waiting)[-1] == "registration.kept_unfunded"
    assert "conservée, sans prise en charge" in visitor.get(personal_link_path(waiting)).text


def test_cancelling_is_too(visitor: httpx.Client, platform: httpx.Client, organisation: httpx.Client) -> None:
    waiting = over_quota_registration(platform)

    visitor.post(personal_link_path(waiting), data=CANCEL)

    assert read_registration(platform, waiting)["status"] == "cancelled"
    assert _events(organisation, waiting)[-1] == "registration.cancelled"
    assert "Votre inscription est annulée" in visitor.get(personal_link_path(waiting)).text


def test_a_second_click_finds_what_the_first_one_did(visitor: httpx.Client, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)

    answers = [visitor.post(personal_link_path(waiting), data=form) for form in (KEEP, KEEP, CANCEL)]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert read_registration(platform, waiting)["payer"] == "employer"
    assert _events(platform, waiting).count("registration.kept_unfunded") == 1


@pytest.mark.parametrize("form", [{}, {"choice": "keep"}, KEEP | {"payer": "state"}, {"choice": "perhaps"}])
def test_a_form_that_lacks_something_is_shown_again(
    visitor: httpx.Client, platform: httpx.Client, form: dict[str, str]
) -> None:
    waiting = over_quota_registration(platform)

    answer = visitor.post(personal_link_path(waiting), data=form)

    assert answer.status_code == 422
    assert "<title>Erreur" in answer.text
    assert read_registration(platform, waiting) == waiting


def test_only_the_form_of_the_page_answers(visitor: httpx.Client, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)

    answer = visitor.post(personal_link_path(waiting), json=CANCEL)

    assert answer.status_code == 422
    assert read_registration(platform, waiting) == waiting


@pytest.mark.parametrize("legal_form", ["public", "private"])
def test_an_opco_is_offered_for_a_private_employer_alone(
    visitor: httpx.Client, platform: httpx.Client, legal_form: str
) -> None:
    waiting = over_quota_registration(platform, legal_form)

    assert ("OPCO" in visitor.get(personal_link_path(waiting)).text) is (legal_form == "private")
    assert visitor.post(personal_link_path(waiting), data=KEEP | {"payer": "opco"}).status_code == (
        303 if legal_form == "private" else 422
    )


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "A" * 43, "A" * 5000, "%00"])
def test_a_link_that_nobody_made_leads_nowhere(visitor: httpx.Client, token: str) -> None:
    answers = visitor.get(f"/answer/{token}"), visitor.post(f"/answer/{token}", data=CANCEL)

    assert [answer.status_code for answer in answers] == [404, 404]


def test_nobody_can_make_one_without_the_secret(visitor: httpx.Client, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)
    decision = UUID(waiting["decision"]["id"])
    forged = personal_link("", ["another secret that is long enough for it"], decision)

    assert visitor.post(forged, data=CANCEL).status_code == 404
    token = personal_link_path(waiting).removeprefix("/answer/")
    assert decision_of_token(token, ["a new secret", *PEPPER.secrets]) == decision
    changed = f"{'B' if token[0] == 'A' else 'A'}{token[1:]}"
    assert visitor.get(f"/answer/{changed}").status_code == 404


def test_it_is_for_as_long_as_the_session_has_not_begun(
    visitor: httpx.Client, platform: httpx.Client, set_clock: Any
) -> None:
    waiting = over_quota_registration(platform)

    set_clock(datetime(2026, 9, 14, 21, 59, tzinfo=UTC))
    assert visitor.get(personal_link_path(waiting)).status_code == 200
    set_clock(datetime(2026, 9, 14, 22, 0, tzinfo=UTC))  # midnight in Paris
    late = visitor.get(personal_link_path(waiting))
    answered = visitor.post(personal_link_path(waiting), data=CANCEL)
    set_clock(MORNING)

    assert (late.status_code, answered.status_code) == (410, 303)
    assert "délai pour répondre est passé" in late.text
    assert read_registration(platform, waiting) == waiting


@pytest.fixture
def ten_day_service(own_service: LiveServer) -> LiveServer:
    """A service of its own, whose policy gives ten days to answer for sessions from December on."""
    policy = policy_body(effective_from="2026-12-01", over_quota={"reply_days": 10})
    with own_service.client("admin") as admin:
        admin.post("/v1/policies", json=policy, headers=idempotency_headers()).raise_for_status()
    return own_service


def test_it_is_for_as_long_as_the_policy_says(ten_day_service: LiveServer) -> None:
    with ten_day_service.client("platform") as platform:
        waiting = over_quota_registration(platform, starts_on="2026-12-15")

        ten_day_service.clock.now = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
        in_time = platform.get(personal_link_path(waiting))
        ten_day_service.clock.now = datetime(2026, 6, 26, 12, 0, tzinfo=UTC)
        late = platform.get(personal_link_path(waiting))

    assert "au plus tard le 25 juin 2026" in " ".join(in_time.text.split())
    assert (in_time.status_code, late.status_code) == (200, 410)


def test_it_follows_the_session_when_it_moves(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    waiting = over_quota_registration(platform)
    reschedule(admin, waiting, starts_on="2026-10-06", ends_on="2026-10-06").raise_for_status()

    page = visitor.get(personal_link_path(waiting))

    assert page.status_code == 200
    assert "le 6 octobre 2026" in " ".join(page.text.split())
    assert visitor.post(personal_link_path(waiting), data=CANCEL).status_code == 303
    assert read_registration(platform, waiting)["status"] == "cancelled"


def test_a_promotion_leaves_nothing_to_answer(visitor: httpx.Client, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)
    others = platform.get("/v1/registrations", params={"adviser_id": waiting["adviser_id"], "status": "accepted"})
    post_action(platform, others.json()["data"][0], "cancellation").raise_for_status()

    page = visitor.get(personal_link_path(waiting))
    visitor.post(personal_link_path(waiting), data=CANCEL)

    assert page.status_code == 200
    assert "financée par l’État" in page.text
    assert read_registration(platform, waiting)["funding"] == "state"


def test_the_link_of_an_earlier_crossing_is_replaced(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    """Promoted, then over quota again: the second message has a link of its own."""
    waiting = over_quota_registration(platform)
    query = {"adviser_id": waiting["adviser_id"], "status": "accepted"}
    first = platform.get("/v1/registrations", params=query).json()["data"][0]
    reschedule(admin, first, starts_on="2027-03-02", ends_on="2027-03-02").raise_for_status()
    assert read_registration(platform, waiting)["funding"] == "state"
    reschedule(admin, waiting, starts_on="2027-04-06", ends_on="2027-04-06").raise_for_status()
    again = read_registration(platform, waiting)
    assert again["status"] == "awaiting_choice"

    old, new = visitor.get(personal_link_path(waiting)), visitor.get(personal_link_path(again))

    assert (old.status_code, new.status_code) == (410, 200)
    assert "plus récent" in old.text
    visitor.post(personal_link_path(waiting), data=CANCEL)
    assert read_registration(platform, waiting)["status"] == "awaiting_choice"


def test_a_person_without_an_identity_is_shown_nothing(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    waiting = over_quota_registration(platform)
    nobody = {"first_name": None, "last_name": None, "email": None}
    path = f"/v1/advisers/{waiting['adviser_id']}"
    admin.patch(path, json=nobody, headers={"If-Match": "*"}).raise_for_status()

    assert visitor.get(personal_link_path(waiting)).status_code == 404


def test_an_accepted_registration_has_no_link(visitor: httpx.Client, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)
    query = {"adviser_id": waiting["adviser_id"], "status": "accepted"}
    first = platform.get("/v1/registrations", params=query).json()["data"][0]

    assert visitor.get(personal_link_path(first)).status_code == 404


def test_a_notice_has_the_registration_examined_again(visitor: httpx.Client, platform: httpx.Client) -> None:
    registration = refused_registration(platform)
    a_contract(platform, registration["adviser_id"])

    page = visitor.get(personal_link_path(registration))
    answered = visitor.post(personal_link_path(registration), data={"notice": "yes"})

    assert "Demander le réexamen" in page.text
    assert answered.status_code == 303
    assert read_registration(platform, registration)["status"] == "accepted"
    assert "Votre inscription est financée" in visitor.get(personal_link_path(registration)).text


def test_a_notice_that_changes_nothing_is_not_asked_again(visitor: httpx.Client, platform: httpx.Client) -> None:
    registration = refused_registration(platform)

    visitor.post(personal_link_path(registration), data={"notice": "yes"})
    visitor.post(personal_link_path(registration), data={"notice": "yes"})

    assert "Votre inscription a été réexaminée" in visitor.get(personal_link_path(registration)).text
    assert _events(platform, registration).count("registration.regularisation_notified") == 1


def test_an_answer_leaves_its_line_in_the_audit_log(
    visitor: httpx.Client, platform: httpx.Client, admin: httpx.Client
) -> None:
    waiting = over_quota_registration(platform)

    visitor.post(personal_link_path(waiting), data=CANCEL)

    lines = admin.get("/v1/audit-log", params={"subject_id": waiting["id"], "action": "answerByPersonalLink"}).json()
    assert [line["actor"] for line in lines["data"]] == [str(PERSONAL_LINK_CLIENT.id)]


@pytest.fixture
def few_bad_links(served: LiveServer) -> Generator[None]:
    before, served.service.bad_link_limiter = served.service.bad_link_limiter, RateLimiter(3)
    yield
    served.service.bad_link_limiter = before


@pytest.mark.usefixtures("few_bad_links")
def test_an_address_that_tries_links_without_end_waits_and_a_good_one_opens_all_the_same(
    visitor: httpx.Client, platform: httpx.Client
) -> None:
    good = personal_link_path(over_quota_registration(platform))
    before = [visitor.get(good).status_code for _ in range(10)]
    statuses = [visitor.get("/answer/x").status_code for _ in range(5)]
    wait = visitor.post("/answer/y", data=CANCEL)

    assert before == [200] * 10
    assert statuses == [404, 404, 404, 429, 429]
    assert (wait.status_code, wait.headers["Retry-After"]) == (429, "60")
    assert visitor.get(good).status_code == 200
    assert visitor.post(good, data=CANCEL).status_code == 303


@pytest.mark.usefixtures("few_bad_links")
def test_a_link_that_has_expired_counts_as_a_bad_one(
    visitor: httpx.Client, platform: httpx.Client, set_clock: Any
) -> None:
    expired = personal_link_path(over_quota_registration(platform))
    set_clock(datetime(2028, 1, 1, tzinfo=UTC))

    statuses = [visitor.get(expired).status_code for _ in range(5)]

    assert statuses == [410, 410, 410, 429, 429]


def test_an_answer_given_twice_in_one_form_is_none(visitor: httpx.Client, platform: httpx.Client) -> None:
    path = personal_link_path(over_quota_registration(platform))

    answer = visitor.post(path, data={"choice": ["cancel", "keep"], "payer": "self"})

    assert answer.status_code == 422
    assert visitor.get(path).status_code == 200


def test_the_way_back_to_the_page_does_not_hang_on_the_name_of_the_host(
    visitor: httpx.Client, platform: httpx.Client
) -> None:
    path = personal_link_path(over_quota_registration(platform))

    answer = visitor.post(path, data=CANCEL, headers={"Host": "a//evil.example"})

    assert (answer.status_code, answer.headers["Location"]) == (303, path)


def test_the_design_system_is_served_from_here(visitor: httpx.Client, platform: httpx.Client) -> None:
    page = visitor.get(personal_link_path(over_quota_registration(platform, starts_on=UPCOMING_DAY))).text

    addresses = {part.split('"')[0] for part in page.split('href="/')[1:]}
    assert {visitor.get(f"/{address}").status_code for address in addresses} == {200}
    assert visitor.get("/design-system/fonts/Marianne-Regular.woff2").status_code == 200
    assert not re.search(r"<(link|script|img|iframe)[^>]+//", page)
