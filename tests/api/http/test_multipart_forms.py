"""A form is taken whole or not at all: cut anywhere, or with anything said twice, it is refused."""

import httpx
import pytest

from app.api.http.bodies import multipart_forms
from tests.api.raw_http import closed_by_peer, post_request, raw_connection, read_response
from tests.api.response_assertions import expect_problem, expect_wrong_fields
from tests.live_server import LiveServer

FORM = {"Content-Type": "multipart/form-data; boundary=here"}
KIND = b'Content-Disposition: form-data; name="kind"\r\n\r\nadvisers'
DRY_RUN = b'Content-Disposition: form-data; name="dry_run"\r\n\r\ntrue'
FILE = b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nNom\nA'
WHOLE = [KIND, FILE, DRY_RUN]


def form(*parts: bytes) -> bytes:
    return b"".join(b"--here\r\n" + part + b"\r\n" for part in parts) + b"--here--\r\n"


def sent(admin: httpx.Client, content: bytes) -> httpx.Response:
    return admin.post("/v1/imports", content=content, headers=FORM)


def imports_left(admin: httpx.Client) -> int:
    lines = admin.get("/v1/audit-log", params={"action": "importFile", "limit": 500}).json()["data"]
    return len([line for line in lines if not line["refused"]])


def test_a_whole_form_is_taken_with_or_without_its_last_line_break(admin: httpx.Client) -> None:
    assert [sent(admin, body).status_code for body in (form(*WHOLE), form(*WHOLE).rstrip())] == [202, 202]


def cuts() -> list[int]:
    """Every place in the form but those after its end."""
    return [*range(len(form(*WHOLE)) - len(b"--\r\n") + 2)]


def test_a_form_cut_short_anywhere_is_refused(admin: httpx.Client) -> None:
    before = imports_left(admin)

    codes = {
        (answer.status_code, answer.json()["code"]) for cut in cuts() for answer in [sent(admin, form(*WHOLE)[:cut])]
    }

    assert codes == {(400, "malformed-form")}
    assert imports_left(admin) == before


def test_red_run_without_its_end_asked_for_a_rehearsal_becomes_an_import(
    admin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = form(*WHOLE)
    monkeypatch.setattr(multipart_forms._CompleteFormParser, "has_ended", True)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the protection removed

    answer = sent(admin, whole[: whole.index(b"true")])

    assert (answer.status_code, answer.json()["dry_run"]) == (202, False)


@pytest.mark.parametrize(
    "after", [form(DRY_RUN), form(DRY_RUN).rstrip(), b"dry_run=true", b"\r\n" * 50_000 + form(DRY_RUN)]
)
def test_what_follows_the_end_of_a_form_is_refused(admin: httpx.Client, after: bytes) -> None:
    before = imports_left(admin)

    expect_problem(sent(admin, form(KIND, FILE) + after), 400, "malformed-form")

    assert imports_left(admin) == before


@pytest.mark.parametrize("blank", [b"\r\n", b"\n \t\r\n", b"\r\n" * 50_000])
def test_blank_lines_may_follow_the_end_of_a_form(admin: httpx.Client, blank: bytes) -> None:
    assert sent(admin, form(*WHOLE) + blank).status_code == 202


def test_a_file_may_hold_what_ends_its_form_elsewhere_than_on_a_line_of_its_own(admin: httpx.Client) -> None:
    assert sent(admin, form(KIND, FILE + b" --here-- and more", DRY_RUN)).status_code == 202


@pytest.mark.parametrize("charset", ["undefined", "punycode", "raw_unicode_escape", "utf-16", "iso-8859-1"])
def test_a_form_in_another_encoding_than_utf_8_is_refused(admin: httpx.Client, charset: str) -> None:
    headers = {"Content-Type": f"{FORM['Content-Type']}; charset={charset}"}

    refused = expect_problem(admin.post("/v1/imports", content=form(*WHOLE), headers=headers), 400, "malformed-form")

    assert "UTF-8" in refused["detail"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_a_form_may_say_that_it_is_in_utf_8(admin: httpx.Client, charset: str) -> None:
    headers = {"Content-Type": f"{FORM['Content-Type']}; charset={charset}"}

    assert admin.post("/v1/imports", content=form(*WHOLE), headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([*WHOLE, KIND], {"/kind": "given-twice"}),
        ([*WHOLE, KIND.replace(b"advisers", b"contracts")], {"/kind": "given-twice"}),
        ([*WHOLE, FILE], {"/file": "given-twice"}),
        ([FILE, FILE, DRY_RUN, DRY_RUN], {"/file": "given-twice", "/dry_run": "given-twice"}),
        ([*WHOLE, DRY_RUN.replace(b"true", b"false")], {"/dry_run": "given-twice"}),
        ([*WHOLE, FILE.replace(b'; filename="a.csv"', b"")], {"/file": "given-twice"}),
    ],
)
def test_what_is_said_twice_is_refused_by_its_name(
    admin: httpx.Client, parts: list[bytes], wrong: dict[str, str]
) -> None:
    assert expect_wrong_fields(sent(admin, form(*parts))) == wrong


def test_a_form_shorter_than_it_said_is_not_believed(served: LiveServer, admin: httpx.Client) -> None:
    before, body = imports_left(admin), form(*WHOLE)
    named = [f"Authorization: Bearer {served.keys['admin']}", f"Content-Type: {FORM['Content-Type']}"]

    with raw_connection(served) as line:
        line.sendall(post_request("/v1/imports", body, *named, length=len(body) + 1))
        line.shutdown(1)  # nothing more will come
        closed_by_peer(line)

    assert imports_left(admin) == before


def test_a_form_longer_than_it_said_is_cut_and_refused(served: LiveServer) -> None:
    body = form(*WHOLE)
    named = [f"Authorization: Bearer {served.keys['admin']}", f"Content-Type: {FORM['Content-Type']}"]

    with raw_connection(served) as line:
        line.sendall(post_request("/v1/imports", body, *named, length=len(body) - 10))
        answer = read_response(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (400, "malformed-form")


def test_what_makes_no_form_is_said_so(admin: httpx.Client) -> None:
    expect_problem(
        admin.post("/v1/imports", content=b"x", headers={"Content-Type": "multipart/form-data"}), 400, "malformed-form"
    )


@pytest.mark.parametrize("of_type", [None, "application/json", "multipart/form-data"])
def test_without_a_body_what_is_missing_is_named(admin: httpx.Client, of_type: str | None) -> None:
    answer = admin.post("/v1/imports", headers={"Content-Type": of_type} if of_type else {})

    assert [*expect_wrong_fields(answer)] == ["/kind", "/file"]


@pytest.mark.parametrize("of_type", ["multipart/form-data", "multipart/form-data; charset=utf-8"])
def test_a_form_without_a_boundary_is_refused(admin: httpx.Client, of_type: str) -> None:
    answer = admin.post("/v1/imports", content=form(*WHOLE), headers={"Content-Type": of_type})

    expect_problem(answer, 400, "malformed-form")
