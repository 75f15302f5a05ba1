"""Imports over HTTP by each role: what it may import, what it reads of imports, and files of JSON objects."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.persistence.administration.import_kind import ImportKind
from app.persistence.administration.imports import MAX_FILE_BYTES
from tests.api.administration.import_runs import import_status, run_waiting_imports, sent_import, sent_objects
from tests.api.registration_states import accepted_registration
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.http_builders import an_adviser
from tests.live_server import LiveServer, idempotency_headers

KINDS = {
    "platform": {"advisers", "contracts", "certifications"},
    "training_organisation": {"certifications", "sessions", "attendance"},
    "admin": {*ImportKind},
}
RESULT = {"qualification": "pix", "outcome": "obtained", "on": "2024-09-12"}


def an_object(**fields: Any) -> dict[str, Any]:
    """An adviser nobody knows."""
    return {"conum_id": uuid4().int % 10**10, "last_name": "Exemple", **fields}


@pytest.mark.parametrize("role", KINDS)
@pytest.mark.parametrize("kind", ImportKind)
def test_a_role_imports_what_it_may_write_one_by_one(served: LiveServer, role: str, kind: ImportKind) -> None:
    with served.client(role) as client:
        answers = sent_import(client, b"Nom", kind=kind), sent_objects(client, kind, {})

    for answer in answers:
        if kind in KINDS[role]:
            assert answer.status_code == 202
        else:
            said = expect_problem(answer, 403, "forbidden")["detail"]
            assert kind in said
            assert f"Vous importez : {', '.join(each for each in ImportKind if each in KINDS[role])}." in said


def test_the_scope_of_the_lines_is_needed_beside_that_of_imports(served: LiveServer, admin: httpx.Client) -> None:
    asked = {"name": "Imports", "role": "platform", "scopes": ["imports:write", "contracts:write"]}
    key = admin.post("/v1/api-keys", json=asked).raise_for_status().json()["secret"]
    with served.client_with(key) as client:
        allowed = sent_objects(client, "contracts", {})
        refused = sent_objects(client, "advisers", {})

    assert allowed.status_code == 202
    assert "advisers:write" in expect_problem(refused, 403, "forbidden")["detail"]


def test_an_import_exists_for_whoever_sent_it_and_for_administrators(
    served: LiveServer,
    platform: httpx.Client,
    other_platform: httpx.Client,
    organisation: httpx.Client,
    admin: httpx.Client,
) -> None:
    sent = {client: sent_objects(client, "certifications", "{") for client in (platform, organisation)}
    run_waiting_imports(served)

    for sender, answer in sent.items():
        address = f"/v1/imports/{answer.json()['id']}"
        for reader in (platform, other_platform, organisation, admin):
            found = reader.get(address), reader.get(f"{address}/rejects")
            if reader in (sender, admin):
                assert [each.status_code for each in found] == [200, 200]
                assert found[1].content.decode("utf-8-sig").splitlines()[1].startswith("1;;Ce n’est pas du JSON")
            else:
                for each in found:
                    expect_problem(each, 404, "not-found")


def listed(client: httpx.Client, **filters: Any) -> list[str]:
    rows = documented_body(client.get("/v1/imports", params={"limit": 500, **filters}), "listImports")["data"]
    return [row["id"] for row in rows]


def test_imports_are_listed_in_the_order_they_were_sent_each_client_s_own(
    served: LiveServer, platform: httpx.Client, organisation: httpx.Client, admin: httpx.Client
) -> None:
    before = listed(platform)
    done = [sent_objects(platform, kind, an_object()).json()["id"] for kind in ("advisers", "contracts")]
    run_waiting_imports(served)
    waiting = sent_objects(platform, "advisers", an_object()).json()["id"]
    foreign = sent_objects(organisation, "certifications", {}).json()["id"]

    assert listed(platform) == [*before, *done, waiting]
    assert listed(platform, kind="contracts")[-1] == done[1]
    assert listed(platform, status="waiting") == [waiting]
    assert listed(platform, kind="certifications", status="waiting") == []
    assert listed(organisation)[-1] == foreign
    assert not {foreign, waiting} - {*listed(admin)}
    expect_problem(platform.get("/v1/imports", params={"status": "lost"}), 400, "invalid-parameter")


def test_a_list_of_imports_has_pages_of_lines_that_are_the_resource(platform: httpx.Client) -> None:
    for _ in range(3):
        sent_objects(platform, "advisers", an_object(), dry_run="true").raise_for_status()

    first = platform.get("/v1/imports", params={"limit": 2}).raise_for_status()
    second = platform.get(first.links["next"]["url"]).raise_for_status()

    rows = [*first.json()["data"], *second.json()["data"]]
    assert len({row["id"] for row in rows}) == len(rows) >= 3
    assert rows == [platform.get(f"/v1/imports/{row['id']}").json() for row in rows]


def test_a_file_that_could_not_be_read_says_so_in_the_list_too(served: LiveServer, admin: httpx.Client) -> None:
    answer = sent_objects(admin, "advisers")
    run_waiting_imports(served)

    (row,) = [
        row
        for row in admin.get("/v1/imports", params={"limit": 500}).json()["data"]
        if row["id"] == answer.json()["id"]
    ]

    assert row["failure"] == {"code": "empty-file", "detail": "Ce fichier ne contient rien."}


def test_objects_are_imported_and_those_that_are_wrong_given_back(served: LiveServer, platform: httpx.Client) -> None:
    good = an_object(initial_training={"entered_on": "2024-04-15"})

    answer = sent_objects(platform, "advisers", good, "", an_object(colour="blue"), "{")
    waiting = documented_body(answer, "importFile")
    run_waiting_imports(served)
    done = import_status(platform, answer)
    rejects = platform.get(done["rejects_url"]).content.decode("utf-8-sig").splitlines()

    assert (answer.status_code, waiting["status"], waiting["kind"], waiting["dry_run"]) == (
        202,
        "waiting",
        "advisers",
        False,
    )
    assert [done[name] for name in ("status", "read", "imported", "rejected")] == ["done", 3, 1, 2]
    assert rejects[0] == "Ligne rejetée;Colonne en cause;Motif du rejet;Ligne JSON"
    assert rejects[1].startswith("3;colour;Ce champ n’existe pas.;")
    (found,) = platform.get("/v1/advisers", params={"conum_id": good["conum_id"]}).json()["data"]
    assert found["initial_training"] == {"entered_on": "2024-04-15", "ended_on": None}


def test_objects_may_be_tried(served: LiveServer, platform: httpx.Client) -> None:
    answer = sent_objects(platform, "advisers", an_object(), dry_run="true")
    run_waiting_imports(served)

    done = import_status(platform, answer)
    assert (done["dry_run"], done["imported"]) == (True, 1)


def test_an_organisation_s_results_are_recorded_for_whom_it_may_see(
    served: LiveServer, platform: httpx.Client, organisation: httpx.Client
) -> None:
    concerned, hidden = accepted_registration(platform)["adviser_id"], an_adviser(platform)
    numbers = [platform.get(f"/v1/advisers/{each}").json()["conum_id"] for each in (concerned, hidden)]
    nobody = uuid4().int % 10**10

    answer = sent_objects(organisation, "certifications", *(RESULT | {"conum_id": each} for each in (*numbers, nobody)))
    run_waiting_imports(served)
    done = import_status(organisation, answer)
    reasons = {line.split(";")[2] for line in organisation.get(done["rejects_url"]).text.splitlines()[1:]}

    assert (done["imported"], done["rejected"]) == (1, 2)
    assert len(reasons) == 1
    (result,) = organisation.get("/v1/certifications", params={"adviser_id": concerned}).json()["data"]
    assert result["qualification"] == "pix"


def test_the_same_objects_with_the_same_key_are_one_import(platform: httpx.Client) -> None:
    used, content = idempotency_headers(), an_object()

    first, again = (sent_objects(platform, "advisers", content, headers=used) for _ in range(2))
    another = sent_import(platform, b'{"conum_id": 1}', used)

    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    expect_problem(another, 422, "idempotency-key-reused")


def remaining(answer: httpx.Response) -> int:
    return int(answer.headers["RateLimit"].partition("r=")[2].split(";")[0])


def test_an_import_is_one_request_however_many_lines_it_has(served: LiveServer, platform: httpx.Client) -> None:
    before = remaining(platform.get("/v1/modules/cafe-ia"))

    answer = sent_objects(platform, "advisers", *(an_object() for _ in range(500)))
    run_waiting_imports(served)
    after = remaining(platform.get("/v1/modules/cafe-ia"))

    assert import_status(platform, answer)["imported"] == 500
    assert before - after <= 2


@pytest.mark.parametrize(
    ("query", "name"),
    [({}, "kind"), ({"kind": "animals"}, "kind"), ({"kind": "advisers", "dry_run": "perhaps"}, "dry_run")],
)
def test_a_parameter_that_is_wrong_is_named(admin: httpx.Client, query: dict[str, str], name: str) -> None:
    headers = {"Content-Type": "application/x-ndjson"}

    answer = admin.post("/v1/imports", params=query, content=b"{}", headers=headers)

    assert name in expect_problem(answer, 400, "invalid-parameter")["detail"]


def test_a_form_says_in_itself_what_it_is(admin: httpx.Client) -> None:
    answer = admin.post("/v1/imports", params={"kind": "advisers"}, files={"file": b"Nom"}, data={"kind": "advisers"})

    assert "formulaire" in expect_problem(answer, 400, "invalid-parameter")["detail"]
    assert expect_wrong_fields(admin.post("/v1/imports", files={"file": b"Nom"})) == {"/kind": "missing"}


@pytest.mark.parametrize("surplus", [1, 100_000])
def test_objects_have_the_size_of_a_file_at_most(admin: httpx.Client, surplus: int) -> None:
    said = expect_problem(sent_objects(admin, "advisers", " " * (MAX_FILE_BYTES + surplus)), 413, "payload-too-large")

    assert said["detail"] == "Un fichier compte au plus 10 Mio."
