"""The access matrix, field by field: what a training organisation may call says nothing of another's.

One adviser has a registration at La Mednum; at Histya they have lived a whole story, and they have worked elsewhere.
Whatever La Mednum may ask is asked, in both languages, and each answer is walked through by its schema.
"""

import asyncio
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.domain.decisions.refusals import Reason
from app.persistence.engine.database import open_database
from app.persistence.outbox.messages import list_newest_email_contexts
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.notifications.sequence_events import sequence_events
from app.wording.dates import format_day, format_numeric_day
from app.wording.emails.email_layout import NO_BREAK_SPACE
from tests.api.administration.import_runs import run_waiting_imports, sent_objects
from tests.api.administration.support_request_builders import answer as answer_request
from tests.api.administration.support_request_builders import open_request, opening
from tests.api.field_visibility import FIELD_VISIBILITIES, FieldVisibility
from tests.api.identity.test_access_matrix import FOREIGN_ACCESS, OPERATIONS, ForeignAccess, Operation
from tests.api.registration_states import post_action
from tests.api.response_assertions import offline_application
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, an_adviser, contract_body, register, registration_body
from tests.live_server import LiveServer, idempotency_headers
from tests.outbox.emails.smtp_server import COMPOSER
from tests.session_builders import a_session, session_body

ReadValue = tuple[str, str, Any]
"""A value, by the schema and the field where it was read."""

DOCUMENT = offline_application().openapi()
OPEN = [operation for operation in OPERATIONS if FOREIGN_ACCESS[operation.id] is not ForeignAccess.CLOSED]
READING = [operation for operation in OPEN if operation.method == "get"]
# Where every organisation is named, and the sessions that each of them publishes.
PUBLIC = {"listTrainingOrganisations", "getTrainingOrganisation", "listSessions", "getSessionsCalendar"}
PUBLISHED = {"another organisation", "another's session"}

OWN_DAY, THEIR_DAY, THEIR_PAST_DAY = "2026-09-17", "2026-10-22", "2026-03-19"
THEIR_OTHER_DAYS = "2026-12-03", "2026-11-26"
REFUSED_DAY = "2026-09-24"  # for want of an accreditation
UNKNOWN_DAY = "2020-05-14"  # when no contract runs
FORMER = {"starts_on": "2017-03-05", "ends_on": "2019-02-11", "terminated_on": "2018-11-23"}
FOLLOWING = {"starts_on": "2031-07-19"}


def _answered(operation: Operation) -> Iterator[Mapping[str, Any]]:
    """The schemas of what it answers when it succeeds."""
    said = DOCUMENT["paths"][operation.path][operation.method]["responses"]
    for status, answer in said.items():
        content = answer.get("content", {}).get("application/json")
        if status.startswith("2") and content is not None:
            yield content["schema"]


def _named(schema: Mapping[str, Any]) -> str | None:
    return schema["$ref"].rpartition("/")[2] if "$ref" in schema else None


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a schema is made of, one step further."""
    if (name := _named(schema)) is not None:
        yield DOCUMENT["components"]["schemas"][name]
    yield from schema.get("anyOf", ())
    yield from schema.get("properties", {}).values()
    if "items" in schema:
        yield schema["items"]


def _reached(schemas: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """The fields of every object that may be read, by the name of its schema."""
    found: dict[str, set[str]] = {}
    waiting = [*schemas]
    while waiting:
        schema = waiting.pop()
        if (name := _named(schema)) in found:
            continue
        parts = [*_parts(schema)]
        if name is not None and parts[0].get("properties"):
            found[name] = {*parts[0]["properties"]}
        waiting += parts
    return found


def test_every_field_that_an_organisation_may_read_has_its_row() -> None:
    read = _reached([schema for operation in OPEN for schema in _answered(operation)])

    assert read == {name: {*rows} for name, rows in FIELD_VISIBILITIES.items()}


def _walked(schema: Mapping[str, Any], value: Any) -> Iterator[ReadValue]:
    """Every value in an answer, where it stands."""
    if "items" in schema:
        for item in value:
            yield from _walked(schema["items"], item)
    elif "anyOf" in schema:
        yield from _walked(next(one for one in schema["anyOf"] if _fits(one, value)), value)
    elif (name := _named(schema)) is not None and isinstance(value, dict):
        for field, part in DOCUMENT["components"]["schemas"][name].get("properties", {}).items():
            if field in value:
                yield name, field, value[field]
                yield from _walked(part, value[field])


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether the value may be of this one among others."""
    whole = DOCUMENT["components"]["schemas"][name] if (name := _named(schema)) else schema
    if isinstance(value, dict):
        return {*whole.get("required", ())} <= value.keys() <= {*whole.get("properties", ())}
    return whole.get("type") != "object" and (value is None) == (whole.get("type") == "null")


def _dated(day: str) -> set[str]:
    """A day however it is said."""
    said = date.fromisoformat(day)
    return {day, format_numeric_day(said), format_day(said).fr, format_day(said).en}


@dataclass(frozen=True, slots=True)
class World:
    """`secrets` are by what they are of; `own` what La Mednum may name in a path."""

    adviser: str
    own: Mapping[str, Sequence[str]]
    secrets: Mapping[str, str]

    def secrets_in(self, text: str) -> set[str]:
        """Wherever its lines end."""
        said = " ".join(text.replace(NO_BREAK_SPACE, " ").replace("&nbsp;", " ").split())
        return {what for secret, what in self.secrets.items() if secret in said}


def _worked(platform: httpx.Client) -> tuple[str, dict[str, str]]:
    """An adviser who had another employer, and will have a third one."""
    adviser = an_adviser(platform, email=f"{uuid4()}@example.org")
    employer = contract_body(adviser)["employer"] | {"name": "Ancien employeur", "siret": "35600000000048"}
    employer |= {"contact_email": "ancien@example.org"}
    file = {"ds_file_number": "9876543", "contract_uploaded_on": "2017-03-06", "validated_on": "2017-03-07"}
    elsewhere = {"type": "CDD", "employer": employer, "administrative_file": file, "termination_motive": "Burn-out"}
    former = a_contract(platform, adviser, **elsewhere, **FORMER)
    a_contract(platform, adviser, renews_contract_id=former)
    following = a_contract(platform, adviser, **FOLLOWING, employer=employer)
    days = {*FORMER.values(), *FOLLOWING.values(), "2017-03-06", "2017-03-07"}
    secrets = {said: "the days of another contract" for day in days for said in _dated(day)}
    secrets |= dict.fromkeys((former, following), "another contract") | {"Burn-out": "why it ended"}
    secrets |= dict.fromkeys(("Ancien employeur", "35600000000048", "ancien@example.org", "9876543"), "its employer")
    return adviser, secrets | {platform.get(f"/v1/advisers/{adviser}").json()["email"]: "their address"}


def _other_organisations_data(
    histya: httpx.Client, admin: httpx.Client, adviser: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """What another organisation knows; and the registration there that holds a right."""

    def registered(day: str, module: str) -> dict[str, Any]:
        session = {"starts_on": day, "ends_on": day, "format": "remote", "place": "Lieu-dit", "reference": "REF-H"}
        fields = {"module_code": module, "training_organisation_id": str(HISTYA), "session": session}
        made: dict[str, Any] = register(histya, adviser, **fields).raise_for_status().json()
        return made

    missed, holding = (
        registered(THEIR_PAST_DAY, "cybersecurite"),
        registered(THEIR_OTHER_DAYS[0], "intelligence-artificielle"),
    )
    expected, waiting = registered(THEIR_DAY, "handicap"), registered(THEIR_OTHER_DAYS[1], "parentalite-numerique")
    post_action(histya, missed, "attendance", outcome="absent_unjustified", motive="Hospitalisation").raise_for_status()
    post_action(histya, waiting, "cancellation", motive="Rechute").raise_for_status()
    post_action(histya, expected, "choice", choice="keep", payer="self").raise_for_status()
    result = {"adviser_id": adviser, "qualification": "pix", "outcome": "absent_justified", "on": "2025-05-04"}
    absent = histya.post("/v1/certifications", json=result | {"motive": "medical_certificate"}).raise_for_status()
    annulment = f"/v1/certifications/{absent.json()['id']}/annulment"
    histya.post(annulment, json={"motive": "Homonyme"}, headers=idempotency_headers()).raise_for_status()
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Longue maladie", "decided_on": "2025-12-18"}
    admin.post(f"/v1/advisers/{adviser}/carry-overs", json=report).raise_for_status()
    about = {"kind": "justification", "registration_id": missed["id"], "text": "Dépression"}
    request = open_request(histya, adviser, **about)
    answer_request(admin, request, motive="Certificat de maternité").raise_for_status()
    beside = registered(OWN_DAY, "parentalite-numerique")
    made = [missed, holding, expected, waiting, beside]
    decisions = [
        decision
        for registration in made
        for decision in admin.get(f"/v1/registrations/{registration['id']}/decisions").json()["data"]
    ]
    secrets = dict.fromkeys((each["id"] for each in made), "another's registration")
    secrets |= dict.fromkeys((each["id"] for each in decisions), "another's decision")
    secrets |= dict.fromkeys((each["decided_by"] for each in decisions), "who asked for it")
    days = {said for day in (THEIR_PAST_DAY, *THEIR_OTHER_DAYS) for said in _dated(day)}
    secrets |= dict.fromkeys(("Lieu-dit", "REF-H", *days), "another's session")
    secrets |= dict.fromkeys(("Hospitalisation", "Rechute", "medical_certificate", "Longue maladie"), "a motive")
    secrets["Homonyme"] = "a motive"
    secrets |= dict.fromkeys(("Dépression", "Certificat de maternité"), "a motive")
    secrets |= {request["id"]: "another's support request"}
    return holding, secrets | {str(HISTYA): "another organisation"}


def _decided_by_a_person(admin: httpx.Client, registration: str) -> dict[str, str]:
    """A refused registration of the past, accepted by an administrator who recorded its attendance; the texts."""
    derogation = {"waived": [*Reason], "funding": "none", "motive": "Recours gracieux"}
    missed = {"on": UNKNOWN_DAY, "justified": True, "motive": "Fièvre"}
    attendance = {"outcome": "completed", "motive": "Revenu", "note": "Convalescence", "absences": [missed]}
    for action, body in (("derogation", derogation), ("attendance", attendance)):
        post_action(admin, {"id": registration}, action, **body).raise_for_status()
    return dict.fromkeys(("Recours gracieux", "Fièvre", "Revenu", "Convalescence"), "a motive")


def _rejected_results(served: LiveServer, organisation: httpx.Client, adviser: str) -> str:
    """The import of results of the adviser and of nobody, all of them rejected."""
    results = ({"adviser_id": adviser, "outcome": "failed"}, {"conum_id": 1, "outcome": "failed"})
    sent = sent_objects(organisation, "certifications", *results).raise_for_status().json()
    run_waiting_imports(served)
    return str(sent["id"])


@contextmanager
def _build_world(
    served: LiveServer, platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client, admin: httpx.Client
) -> Generator[World]:
    made = organisation.post("/v1/webhook-endpoints", json={"url": "https://mednum.example/hooks"}).raise_for_status()
    endpoint = made.json()["id"]
    adviser, secrets = _worked(platform)
    holding, secrets_of_theirs = _other_organisations_data(histya, admin, adviser)
    own = [register(organisation, adviser, starts_on=OWN_DAY, module_code="handicap").json()["id"]]
    own.append(register(organisation, adviser, starts_on=UNKNOWN_DAY).json()["id"])
    own.append(register(organisation, adviser, starts_on=REFUSED_DAY, module_code="aidants-connect").json()["id"])
    secrets |= _decided_by_a_person(admin, own[1])
    post_action(histya, holding, "cancellation").raise_for_status()  # its right goes to whoever waits
    results = organisation.get("/v1/certifications", params={"adviser_id": adviser}).json()["data"]
    delivery = organisation.post(f"/v1/webhook-endpoints/{endpoint}/test").raise_for_status().json()["id"]
    requests = [open_request(organisation, adviser, registration_id=own[0]) for _ in range(2)]
    answer_request(admin, requests[0], granted=False).raise_for_status()
    names = {
        "adviser_id": [adviser],
        "registration_id": own,
        "certification_id": [each["id"] for each in results],
        "endpoint_id": [endpoint],
        "delivery_id": [delivery],
        "support_request_id": [each["id"] for each in requests],
        "session_id": [a_session(organisation)],
        "import_id": [_rejected_results(served, organisation, adviser)],
        "organisation_id": [str(LA_MEDNUM)],
        "code": ["numerique-responsable"],
    }
    yield World(adviser, names, secrets | secrets_of_theirs)
    organisation.delete(f"/v1/webhook-endpoints/{endpoint}")


@pytest.fixture(scope="module")
def world(
    served: LiveServer, platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client, admin: httpx.Client
) -> Generator[World]:
    with _build_world(served, platform, organisation, histya, admin) as made:
        yield made


@pytest.fixture
def own_world(
    served: LiveServer, platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client, admin: httpx.Client
) -> Generator[World]:
    """One that the test may change."""
    with _build_world(served, platform, organisation, histya, admin) as made:
        yield made


# Round the days on which other contracts begin and end.
AROUND = ("2017-03-04", "2017-06-15", "2018-11-22", "2018-11-24", "2024-06-15", "2031-07-20")
DAYS = (OWN_DAY, UNKNOWN_DAY, THEIR_DAY, *AROUND)
QUERIES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "getTrainingRecord": [{}, *({"on": day, "history": "true"} for day in DAYS)],
    "drawTrainingRecord": [{}, *({"on": day} for day in DAYS)],
    "readStatistics": [
        {}, {"group_by": "month,training_organisation_id,module_code,status,funding,reason,over_quota"},
        {"group_by": "department", "measures": "funded,days_to_decision,days_to_session"},
    ],
    "readSessionStatistics": [{}, {"group_by": "month,training_organisation_id,module_code,department,format,status"}],
}  # fmt: skip


def _paths(operation: Operation, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """With each of the names that the caller may give."""
    wanted = [part.strip("{}") for part in operation.path.split("/") if part.startswith("{")]
    wanted = [part.partition(":")[0].removesuffix(".svg") for part in wanted]
    for values in product(*(names[name] for name in wanted)):
        yield operation.path.format_map(dict(zip(wanted, values, strict=True)))


def _responses(
    client: httpx.Client, operation: Operation, names: Mapping[str, Sequence[str]]
) -> Iterator[httpx.Response]:
    """All that a reading operation answers, to the last page."""
    for path, query, language in product(_paths(operation, names), QUERIES.get(operation.id, [{}]), ("fr", "en")):
        paged = {"limit": "500"} if "limit" in operation.filters else {}
        answer = client.get(path, params={**query, **paged}, headers={"Accept-Language": language})
        yield answer
        while "next" in answer.links and not answer.json().get("up_to_date"):
            answer = client.get(answer.links["next"]["url"], headers={"Accept-Language": language})
            yield answer


@pytest.mark.parametrize("operation", READING, ids=lambda operation: operation.id)
def test_nothing_that_it_reads_is_another_s(organisation: httpx.Client, world: World, operation: Operation) -> None:
    answers = [*_responses(organisation, operation, world.own)]

    assert {answer.status_code for answer in answers} == {200}
    published = PUBLISHED if operation.id in PUBLIC else set[str]()
    found = [world.secrets_in(f"{answer.headers}{answer.text}") - published for answer in answers]
    assert found == [set()] * len(answers)


def _values(client: httpx.Client, world: World) -> dict[tuple[str, str], list[Any]]:
    """What a caller reads in each field of what La Mednum may name."""
    found: dict[tuple[str, str], list[Any]] = {}
    for operation in (each for each in READING if "{" in each.path):
        schemas = [*_answered(operation)]
        for answer in _responses(client, operation, world.own) if schemas else ():
            for name, field, value in _walked(schemas[0], answer.json()):
                found.setdefault((name, field), []).append(value)
    return found


def _fields_of_visibility(sight: FieldVisibility) -> set[tuple[str, str]]:
    return {(name, field) for name, rows in FIELD_VISIBILITIES.items() for field, one in rows.items() if one is sight}


def test_what_is_withheld_is_null_and_what_is_limited_says_less(
    organisation: httpx.Client, admin: httpx.Client, world: World
) -> None:
    seen, whole = _values(organisation, world), _values(admin, world)

    withheld = _fields_of_visibility(FieldVisibility.WITHHELD)
    assert {field for field in withheld if {*seen.get(field, [])} - {None}} == set()
    assert {field for field in withheld if {*whole.get(field, [])} - {None}} == {
        ("AdviserResource", "email"), ("CarriedResource", "motive"), ("CarriedResource", "decided_by"),
        ("LinksResource", "messages"), ("PastDecisionResource", "motive"),
    }  # fmt: skip
    assert {
        field for field in _fields_of_visibility(FieldVisibility.LIMITED) if seen.get(field) == whole.get(field)
    } == set()


def test_administrators_read_what_it_does_not(admin: httpx.Client, world: World) -> None:
    """Else none of these secrets would have been looked for anywhere."""
    asked = {"adviser_id": [world.adviser]}
    read = [
        answer.text
        for path in ("/v1/registrations", "/v1/contracts", "/v1/certifications", "/v1/events", "/v1/support-requests")
        for answer in [admin.get(path, params={"limit": 500})]
    ]
    read += [
        answer.text for each in READING if "{adviser_id}" in each.path for answer in _responses(admin, each, asked)
    ]
    read.append(admin.get(f"/v1/advisers/{world.adviser}/export").text)

    betrayed = set[str]().union(*map(world.secrets_in, read))
    assert betrayed >= {*world.secrets.values()} - {"who asked for it", "another's decision"}


def _sessions(world: World) -> Sequence[Any]:
    """Onto another's session, of the same module on the same day, and where its own is refused."""
    body = registration_body(world.adviser, module_code="handicap", training_organisation_id=str(LA_MEDNUM))
    return [
        (body | {"session": {"starts_on": day, "ends_on": day, "format": "remote"}})
        for day in (THEIR_DAY, "2020-05-19", "2018-11-24")
    ]


def _result(world: World) -> dict[str, Any]:
    return {"adviser_id": world.adviser, "qualification": "pix", "outcome": "failed", "on": "2025-06-03"}


def _support_request(world: World) -> dict[str, Any]:
    return opening(world.adviser, registration_id=world.own["registration_id"][0])


WRITING: Mapping[str, Callable[[World], Sequence[Any]]] = {
    "previewRegistration": _sessions,
    "registerAdviser": _sessions,
    "reExamineRegistration": lambda _: [{}],
    "rescheduleRegistration": lambda _: [
        {"session": {"starts_on": day, "ends_on": day}} for day in (THEIR_DAY, "2030-05-14", OWN_DAY)
    ],
    "chooseOverQuota": lambda _: [{"choice": "keep", "payer": "employer"}],
    "recordAttendance": lambda _: [{"outcome": "completed"}],
    "recordPositioningTest": lambda _: [{"taken_on": "2026-05-01", "hours": 175}],
    "recordCertification": lambda world: [_result(world)],
    "openSupportRequest": lambda world: [_support_request(world)],
    "withdrawSupportRequest": lambda _: [{}],
    "recordJuryResults": lambda world: [{"data": [_result(world), _result(world) | {"on": "2025-06-04"}]}],
    "importFile": lambda _: [{"kind": (None, "certifications"), "file": b"Id conseiller;Certification\n1;pix\n"}],
    "annulCertification": lambda _: [{"motive": "Erreur de saisie"}],
    "addWebhookEndpoint": lambda _: [{"url": "https://mednum.example/others"}],
    "changeWebhookEndpoint": lambda _: [{"types": ["*"]}],
    "testWebhookEndpoint": lambda _: [{}],
    "rotateWebhookSecret": lambda _: [{}],
    "recoverDeliveries": lambda _: [{"since": "2026-01-01T00:00:00Z"}],
    "replayDelivery": lambda _: [{}],
    "cancelRegistration": lambda _: [{}],
    "deleteWebhookEndpoint": lambda _: [None],
    "publishSession": lambda _: [session_body()],
    "putSession": lambda _: [session_body()],
    "patchSession": lambda _: [{"seats": {"maximum": 12}}],
    "recordSessionAttendance": lambda world: [
        {"data": [{"registration_id": world.own["registration_id"][0], "outcome": "completed"}]}
    ],
    "confirmSession": lambda _: [{}],
    "cancelSession": lambda _: [{}],
}


def test_every_operation_that_writes_has_its_row() -> None:
    assert WRITING.keys() == {operation.id for operation in OPEN if operation.method != "get"}


def test_nothing_that_it_is_answered_when_it_acts_is_another_s(organisation: httpx.Client, own_world: World) -> None:
    by_id = {operation.id: operation for operation in OPEN}
    answers: dict[str, list[httpx.Response]] = {}
    for name, bodies in WRITING.items():
        operation = by_id[name]
        for path, body, language in product(_paths(operation, own_world.own), bodies(own_world), ("fr", "en")):
            content = {} if body is None else {"files" if name == "importFile" else "json": body}
            headers = idempotency_headers() | {"If-Match": "*", "Accept-Language": language}
            answer = organisation.request(operation.method, path, headers=headers, **content)
            answers.setdefault(name, []).append(answer)

    for answer in (each for made in answers.values() for each in made):
        assert own_world.secrets_in(f"{answer.headers}{answer.text}") == set(), answer.text
        assert answer.status_code < 500
    # Each met what it was to meet.
    for name in ("previewRegistration", "registerAdviser", "rescheduleRegistration"):
        assert "duplicate-registration" in {answer.json().get("code") for answer in answers[name]}
    assert {name for name, made in answers.items() if any(answer.is_success for answer in made)} >= {
        "previewRegistration", "reExamineRegistration", "rescheduleRegistration", "recordCertification",
        "cancelRegistration", "registerAdviser", "openSupportRequest", "withdrawSupportRequest", "recordJuryResults",
        "importFile",
    }  # fmt: skip


async def _delivered_and_mailed(url: str, world: World) -> list[str]:
    """All that is delivered to its endpoint, and written to it."""
    database = open_database(url, pool_size=2)
    while await sequence_events(database, MORNING):
        pass
    endpoint = world.own["endpoint_id"][0]
    rows = await database.many("SELECT body FROM delivery WHERE lane_id = $1", endpoint)
    named = world.own["registration_id"]
    letters = [row for row in await list_newest_email_contexts(database, 500) if str(row["registration_id"]) in named]
    own = [row for row in letters if row["recipient"] == "training_organisation"]
    await database.close()
    written = [COMPOSER.compose(row) for row in own]
    return [row["body"].decode() for row in rows] + [f"{each.subject}{each.text}{each.html}" for each in written]


def test_nothing_that_it_is_told_is_another_s(served: LiveServer, world: World) -> None:
    told = asyncio.run(_delivered_and_mailed(served.database_url, world))

    assert [world.secrets_in(text) for text in told] == [set()] * len(told)
    assert any(world.own["registration_id"][0] in text for text in told)
    assert any("arrivé à échéance" in text or "rompu" in text for text in told)  # a letter that says no day
