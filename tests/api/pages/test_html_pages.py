"""The HTML of the pages, as it is served. The folder `browser` tests them in a browser."""

import re
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest

from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.api.pages.guide_page import SAMPLES
from app.wording.languages import Language
from tests.api.response_assertions import PROBLEM_MEDIA_TYPE
from tests.live_server import LiveServer


class Addresses(HTMLParser):
    """Everything that a page loads or links to, and its inline scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        linked = [value for name in ("src", "href") if (value := named.get(name)) is not None]
        self.found += [value for value in linked if not value.startswith("#")]
        if tag == "style" or (tag == "script" and "src" not in named) or any(name.startswith("on") for name in named):
            self.inline.append(tag)


def test_the_root_leads_to_the_documentation(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/")

    assert (answer.status_code, answer.headers["Location"]) == (307, "/docs")


def test_the_documentation_is_a_page_without_a_key(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/docs")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="fr">' in answer.text


def test_the_documentation_loads_its_own_assets_only(anonymous: httpx.Client) -> None:
    page = Addresses(anonymous.get("/docs").text)

    answers = {address: anonymous.get(address) for address in page.found}

    assert page.found
    assert all(address.startswith("/") and not address.startswith("//") for address in page.found)
    assert page.inline == []
    assert {address: answer.status_code for address, answer in answers.items() if answer.status_code != 200} == {}


ASSETS = {
    "/assets/documentation.js": "text/javascript",
    "/assets/documentation.css": "text/css",
    "/assets/pages.css": "text/css",
    "/docs/assets/swagger-ui-bundle.js": "text/javascript",
    "/docs/assets/swagger-ui.css": "text/css",
    "/assets/favicon.svg": "image/svg+xml",
    "/favicon.ico": "image/svg+xml",
    "/robots.txt": "text/plain",
    "/guide/samples/register.ts": "text/plain",
}


def test_assets_have_their_types(anonymous: httpx.Client) -> None:
    types = {path: anonymous.get(path).headers["Content-Type"].partition(";")[0] for path in ASSETS}

    assert types == ASSETS


def test_the_documentation_starts_on_this_server_s_contract(anonymous: httpx.Client) -> None:
    script = anonymous.get("/assets/documentation.js").text

    assert '"/openapi.json"' in script
    assert "://" not in script


def _policy(page: httpx.Response) -> dict[str, str]:
    parts = page.headers["Content-Security-Policy"].split(";")
    return {name: values for name, _, values in (part.strip().partition(" ") for part in parts)}


@pytest.mark.parametrize("path", ["/guide", "/problems", "/problems/not-found"])
def test_a_page_that_is_read_runs_nothing(anonymous: httpx.Client, path: str) -> None:
    nothing = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")

    assert _policy(anonymous.get(path)) == nothing | {"style-src": "'self'", "img-src": "'self'"}


def test_the_documentation_runs_our_scripts_and_speaks_to_us_only(anonymous: httpx.Client) -> None:
    policy = _policy(anonymous.get("/docs"))

    assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'")


def test_robots_are_excluded(anonymous: httpx.Client) -> None:
    assert anonymous.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize("path", ["../application.py", "%2e%2e/__init__.py", "..%2f..%2fetc/passwd"])
def test_only_assets_are_served_as_assets(anonymous: httpx.Client, path: str) -> None:
    answer = anonymous.get(f"/docs/assets/{path}")

    assert answer.status_code == 404


@pytest.mark.parametrize("code", PROBLEM_TYPES)
def test_every_problem_has_its_page(anonymous: httpx.Client, code: str) -> None:
    answer = anonymous.get(f"/problems/{code}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert code in answer.text
    assert str(PROBLEM_TYPES[code].status) in answer.text


def test_an_unknown_problem_has_no_page(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/problems/<script>")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM_MEDIA_TYPE)


def test_every_problem_is_listed(anonymous: httpx.Client) -> None:
    page = Addresses(anonymous.get("/problems").text)

    assert {f"/problems/{code}" for code in PROBLEM_TYPES} <= set(page.found)


@pytest.mark.parametrize("language", Language)
def test_a_problem_is_explained_in_both_languages(anonymous: httpx.Client, language: Language) -> None:
    answer = anonymous.get("/problems/validation-error", headers={"Accept-Language": language})

    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert PROBLEM_TYPES["validation-error"].title.in_language(language) in answer.text
    assert "<code>errors</code>" in answer.text


@pytest.fixture(scope="module")
def guide(served: LiveServer) -> str:
    """The text of the guide."""
    return httpx.get(f"{served.base_url}/guide").raise_for_status().text


def test_the_guide_is_for_this_server(guide: str, served: LiveServer) -> None:
    assert f"export BASE_URL={served.base_url}\n" in guide


def test_the_guide_shows_every_program_as_it_is_run(guide: str, anonymous: httpx.Client) -> None:
    blocks = re.findall(r"<pre[^>]*><code>(.*?)</code>", guide, re.DOTALL)
    shown = [unescape(re.sub("<[^>]+>", "", block)) for block in blocks]

    for name, program in SAMPLES.items():
        assert program.strip() in [text.strip() for text in shown]
        assert anonymous.get(f"/guide/samples/{name}").text == program


def test_an_unknown_program_is_not_found(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/guide/samples/..%2Fguide.py")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM_MEDIA_TYPE)


def test_the_guide_says_which_scopes_each_role_has(guide: str) -> None:
    rows = re.findall(r'<tr><th scope="row"><code>(.+?)</code></th>(.*?)</tr>', guide)

    said = {scope: re.findall("<td>(.+?)</td>", cells) for scope, cells in rows}
    assert said == {
        scope: ["oui" if scope in SCOPES_BY_ROLE[role] else "—" for role in SCOPES_BY_ROLE] for scope in Scope
    }


def test_the_guide_lists_every_problem(guide: str) -> None:
    assert {f"/problems/{code}" for code in PROBLEM_TYPES} <= set(Addresses(guide).found)
