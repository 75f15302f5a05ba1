"""Imports over HTTP: a spreadsheet is sent, its progress read, its rejected lines downloaded."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from app.api.http.bodies.limited_body import LimitedBodyRequest
from app.persistence.administration.imports import MAX_FILE_BYTES
from tests.api.administration.import_runs import import_status, run_waiting_imports, sent_import
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import MORNING, FakeClock
from tests.live_server import LiveServer, idempotency_headers

HEADINGS = "Id conseiller;Nom;Date de début formation;Téléphone"


def lines(*rows: str) -> bytes:
    return "\n".join([HEADINGS, *rows]).encode("cp1252")


def test_the_time_of_a_slow_upload_begins_when_it_has_arrived(
    admin: httpx.Client, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise its instant would be too old for its idempotency key to be stored."""
    received = LimitedBodyRequest._read_body  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # where a body comes

    async def slowly(request: LimitedBodyRequest) -> bytes:
        clock.now = MORNING + timedelta(minutes=1)
        return await received(request)

    monkeypatch.setattr(LimitedBodyRequest, "_read_body", slowly)

    answer = sent_import(admin, lines())

    assert answer.json()["created_at"] == "2026-06-15T08:31:00Z"


def test_a_file_is_stored_then_imported_and_its_rejected_lines_are_given_back(
    served: LiveServer, admin: httpx.Client
) -> None:
    number = uuid4().int % 10**10

    answer = sent_import(admin, lines(f"{number};Exemple;14/03/2022;0299", f"{number + 1};Exemple;14/03/22;0299"))
    waiting = documented_body(answer, "importFile")
    run_waiting_imports(served)
    done = import_status(admin, answer)
    rejects = admin.get(done["rejects_url"])

    assert (answer.status_code, waiting["status"], waiting["rejects_url"]) == (202, "waiting", None)
    assert answer.headers["Location"] == f"{served.base_url}/v1/imports/{waiting['id']}"
    assert [done[name] for name in ("status", "read", "imported", "unchanged", "rejected")] == ["done", 2, 1, 0, 1]
    assert (done["ignored_columns"], done["failure"], done["dry_run"]) == (["Téléphone"], None, False)
    assert done["suspect_columns"] == []
    assert admin.get("/v1/advisers", params={"conum_id": number}).json()["data"][0]["last_name"] == "Exemple"
    assert rejects.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert rejects.headers["Content-Disposition"] == f'attachment; filename="{done["id"]}.rejects.csv"'
    said, wrong = rejects.content.decode("utf-8-sig").splitlines()
    assert said == f"Ligne rejetée;Colonne en cause;Motif du rejet;{HEADINGS}"
    assert wrong == f"3;Date de début formation;L’année doit avoir quatre chiffres.;{number + 1};Exemple;14/03/22;0299"


def test_a_column_that_seems_to_matter_is_told_apart(served: LiveServer, admin: httpx.Client) -> None:
    answer = sent_import(admin, b"Nom;Courriel du maire;Salaire\nExemple;;1800\n", dry_run="true")
    run_waiting_imports(served)

    done = import_status(admin, answer)

    assert (done["suspect_columns"], done["ignored_columns"]) == (
        ["Courriel du maire"],
        ["Courriel du maire", "Salaire"],
    )


def test_a_dry_run_says_what_would_be(served: LiveServer, admin: httpx.Client) -> None:
    number = uuid4().int % 10**10

    answer = sent_import(admin, lines(f"{number};Exemple;;"), dry_run="true")
    run_waiting_imports(served)

    done = import_status(admin, answer)
    assert (done["dry_run"], done["imported"], done["rejects_url"]) == (True, 1, None)
    assert admin.get("/v1/advisers", params={"conum_id": number}).json()["data"] == []
    expect_problem(admin.get(f"/v1/imports/{done['id']}/rejects"), 404, "not-found")


@pytest.mark.parametrize(("language", "said"), [("fr", "Aucun intitulé"), ("en", "No column heading")])
def test_a_file_that_can_t_be_read_says_why_in_the_reader_s_language(
    served: LiveServer, admin: httpx.Client, language: str, said: str
) -> None:
    answer = sent_import(admin, b"Salaire\n1800")
    run_waiting_imports(served)

    found = admin.get(answer.headers["Location"], headers={"Accept-Language": language}).json()

    assert (found["status"], found["failure"]["code"]) == ("failed", "unknown-columns")
    assert found["failure"]["detail"].startswith(said)


def test_the_same_file_with_the_same_key_is_one_import(admin: httpx.Client) -> None:
    used = idempotency_headers()

    first, again = sent_import(admin, lines("1;A;;"), used), sent_import(admin, lines("1;A;;"), used)
    another = sent_import(admin, lines("2;B;;"), used)

    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    expect_problem(another, 422, "idempotency-key-reused")


def test_a_file_may_be_larger_than_other_bodies(admin: httpx.Client) -> None:
    answer = sent_import(admin, lines("1;A;;") + b"\n" * (MAX_FILE_BYTES - 100))

    assert answer.status_code == 202


@pytest.mark.parametrize("surplus", [1, 100_000])
def test_a_file_that_is_too_large_is_refused(admin: httpx.Client, surplus: int) -> None:
    expect_problem(sent_import(admin, b"\n" * (MAX_FILE_BYTES + surplus)), 413, "payload-too-large")


def test_a_body_of_unknown_length_is_counted_as_it_arrives(admin: httpx.Client) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=here"}

    answer = admin.post("/v1/imports", content=(b"x" * 1_000_000 for _ in range(12)), headers=headers)

    expect_problem(answer, 413, "payload-too-large")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "animals"}, {"/kind": "not-one-of"}),
        ({"dry_run": "perhaps"}, {"/dry_run": "invalid-type"}),
        ({"colour": "blue"}, {"/colour": "unknown-field"}),
    ],
)
def test_a_field_that_is_wrong_is_named(admin: httpx.Client, fields: dict[str, str], wrong: dict[str, str]) -> None:
    assert expect_wrong_fields(sent_import(admin, lines(), **fields)) == wrong


def test_a_file_is_needed_and_is_no_text(admin: httpx.Client) -> None:
    absent = admin.post("/v1/imports", files={"kind": (None, "advisers")})
    written = admin.post("/v1/imports", files={"kind": (None, "advisers"), "file": (None, "Nom;Prénom")})

    assert expect_wrong_fields(absent) == {"/file": "missing"}
    assert expect_wrong_fields(written) == {"/file": "invalid-type"}


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/csv", None])
def test_a_file_comes_in_a_form(admin: httpx.Client, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    expect_problem(admin.post("/v1/imports", content=b"Nom\nA", headers=headers), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content", [b"", b"--here", b"garbage", b'--here\r\nContent-Disposition: form-data; name="kind"\r\n\r\nadvisers']
)
def test_a_form_that_ends_too_early_is_refused(admin: httpx.Client, content: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=here"}

    answer = admin.post("/v1/imports", content=content, headers=headers)

    assert answer.status_code in {400, 422}
    expect_problem(answer, answer.status_code, "malformed-form" if answer.status_code == 400 else "validation-error")


def test_an_unknown_import_is_not_found(admin: httpx.Client) -> None:
    expect_problem(admin.get(f"/v1/imports/{uuid4()}"), 404, "not-found")
    expect_problem(admin.get(f"/v1/imports/{uuid4()}/rejects"), 404, "not-found")


def test_reading_the_rejected_lines_leaves_an_audit_entry(served: LiveServer, admin: httpx.Client) -> None:
    answer = sent_import(admin, lines("1;A;hier;"))
    run_waiting_imports(served)

    admin.get(f"{answer.headers['Location']}/rejects").raise_for_status()

    noted = admin.get("/v1/audit-log", params={"subject_id": answer.json()["id"]}).json()["data"]
    assert {line["action"] for line in noted} >= {"importFile", "downloadRejects"}
