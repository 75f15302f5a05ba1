"""Every operation of the contract, by every role, on what belongs to somebody else. Generated from the document that
the service serves: an operation without a row here fails the build."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.api.administration.import_runs import run_waiting_imports, sent_objects
from tests.api.administration.support_request_builders import open_request, opening
from tests.api.registration_states import UPCOMING_DAY
from tests.api.response_assertions import expect_problem, offline_application
from tests.http_builders import SIRET, adviser_body, an_adviser_in_post, contract_body, register, registration_body
from tests.live_server import LiveServer, idempotency_headers
from tests.session_builders import a_session, session_body

METHODS = ("get", "post", "put", "patch", "delete")


class ForeignAccess(Enum):
    """What a training organisation finds where something is another's."""

    CLOSED = "the operation is not for training organisations"
    ABSENT = "nothing: it does not exist"
    SHARED = "what every client may read"
    FILTERED = "a list without it, whatever the filters"
    REFUSED = "a refusal to act in another's name"
    UNKNOWN = "nothing that it may name in a body"
    OWN = "what it makes is its own"


FOREIGN_ACCESS = {
    "registerAdviser": ForeignAccess.REFUSED,
    "previewRegistration": ForeignAccess.REFUSED,
    "recordCertification": ForeignAccess.REFUSED,
    "recordJuryResults": ForeignAccess.REFUSED,
    "annulCertification": ForeignAccess.ABSENT,
    "listRegistrations": ForeignAccess.FILTERED,
    "listAdvisers": ForeignAccess.FILTERED,
    "listCertifications": ForeignAccess.FILTERED,
    "listDueCertifications": ForeignAccess.FILTERED,
    "followEvents": ForeignAccess.FILTERED,
    "getRegistration": ForeignAccess.ABSENT,
    "listDecisions": ForeignAccess.ABSENT,
    "rescheduleRegistration": ForeignAccess.ABSENT,
    "chooseOverQuota": ForeignAccess.ABSENT,
    "reExamineRegistration": ForeignAccess.ABSENT,
    "cancelRegistration": ForeignAccess.ABSENT,
    "recordAttendance": ForeignAccess.ABSENT,
    "listAttendanceReports": ForeignAccess.ABSENT,
    "recordPositioningTest": ForeignAccess.ABSENT,
    "getAdviser": ForeignAccess.ABSENT,
    "getTrainingRecord": ForeignAccess.ABSENT,
    "drawTrainingRecord": ForeignAccess.ABSENT,
    "getCertification": ForeignAccess.ABSENT,
    "openSupportRequest": ForeignAccess.UNKNOWN,
    "listSupportRequests": ForeignAccess.FILTERED,
    "getSupportRequest": ForeignAccess.ABSENT,
    "withdrawSupportRequest": ForeignAccess.ABSENT,
    "answerSupportRequest": ForeignAccess.CLOSED,
    "listWebhookEndpoints": ForeignAccess.FILTERED,
    "addWebhookEndpoint": ForeignAccess.OWN,
    "getWebhookEndpoint": ForeignAccess.ABSENT,
    "changeWebhookEndpoint": ForeignAccess.ABSENT,
    "deleteWebhookEndpoint": ForeignAccess.ABSENT,
    "testWebhookEndpoint": ForeignAccess.ABSENT,
    "rotateWebhookSecret": ForeignAccess.ABSENT,
    "listDeliveries": ForeignAccess.ABSENT,
    "recoverDeliveries": ForeignAccess.ABSENT,
    "getDelivery": ForeignAccess.ABSENT,
    "replayDelivery": ForeignAccess.ABSENT,
    "readStatistics": ForeignAccess.FILTERED,
    "publishSession": ForeignAccess.REFUSED,
    "putSession": ForeignAccess.REFUSED,
    "patchSession": ForeignAccess.REFUSED,
    "confirmSession": ForeignAccess.REFUSED,
    "cancelSession": ForeignAccess.REFUSED,
    "recordSessionAttendance": ForeignAccess.REFUSED,
    "listSessions": ForeignAccess.SHARED,
    "getSession": ForeignAccess.SHARED,
    "getSessionsCalendar": ForeignAccess.SHARED,
    "getSessionCalendar": ForeignAccess.SHARED,
    "getRoster": ForeignAccess.ABSENT,
    "readSessionStatistics": ForeignAccess.FILTERED,
    "listModules": ForeignAccess.SHARED,
    "getModule": ForeignAccess.SHARED,
    "listTrainingOrganisations": ForeignAccess.SHARED,
    "getTrainingOrganisation": ForeignAccess.SHARED,
    "listQualifications": ForeignAccess.SHARED,
    "addAdviser": ForeignAccess.CLOSED,
    "putAdviser": ForeignAccess.CLOSED,
    "patchAdviser": ForeignAccess.CLOSED,
    "carryOver": ForeignAccess.CLOSED,
    "derogateRegistration": ForeignAccess.CLOSED,
    "exportAdviser": ForeignAccess.CLOSED,
    "anonymiseAdviser": ForeignAccess.CLOSED,
    "listObligations": ForeignAccess.CLOSED,
    "addContract": ForeignAccess.CLOSED,
    "listContracts": ForeignAccess.CLOSED,
    "putContract": ForeignAccess.CLOSED,
    "getContract": ForeignAccess.CLOSED,
    "patchContract": ForeignAccess.CLOSED,
    "putModule": ForeignAccess.CLOSED,
    "putTrainingOrganisation": ForeignAccess.CLOSED,
    "listClients": ForeignAccess.CLOSED,
    "addClient": ForeignAccess.CLOSED,
    "revokeClient": ForeignAccess.CLOSED,
    "listApiKeys": ForeignAccess.CLOSED,
    "createApiKey": ForeignAccess.CLOSED,
    "revokeApiKey": ForeignAccess.CLOSED,
    "searchAuditLog": ForeignAccess.CLOSED,
    "listPolicies": ForeignAccess.CLOSED,
    "getPolicy": ForeignAccess.CLOSED,
    "addPolicy": ForeignAccess.CLOSED,
    "tryPolicy": ForeignAccess.CLOSED,
    "listMessages": ForeignAccess.CLOSED,
    "getMessage": ForeignAccess.CLOSED,
    "resendMessage": ForeignAccess.CLOSED,
    "importFile": ForeignAccess.OWN,
    "listImports": ForeignAccess.FILTERED,
    "getImport": ForeignAccess.ABSENT,
    "downloadRejects": ForeignAccess.ABSENT,
}
# Beside training organisations: what the platform may not do either.
FOR_ADMINISTRATORS = {
    "answerSupportRequest",
    "carryOver",
    "derogateRegistration",
    "listObligations",
    "putModule",
    "putTrainingOrganisation",
    "listClients",
    "addClient",
    "revokeClient",
    "listApiKeys",
    "createApiKey",
    "revokeApiKey",
    "searchAuditLog",
    "addPolicy",
    "tryPolicy",
    "listMessages",
    "getMessage",
    "resendMessage",
}
# Not even the platform: whoever has an endpoint, opened a support request or sent a file has it alone.
OF_ONE_OWNER = {
    "getImport", "downloadRejects",
    "getSupportRequest", "withdrawSupportRequest",
    "getWebhookEndpoint", "changeWebhookEndpoint", "deleteWebhookEndpoint", "testWebhookEndpoint", "getDelivery",
    "rotateWebhookSecret", "listDeliveries", "recoverDeliveries", "replayDelivery",
}  # fmt: skip
FILTERS_OF_THEIR_OWN = {
    ("listDueCertifications", "status"): "due",
    ("listSupportRequests", "status"): "open",
    ("listSupportRequests", "kind"): "contestation",
    ("listImports", "status"): "done",
    ("listImports", "kind"): "certifications",
}
FOR_HOLDERS_OF_SESSIONS = {
    "rescheduleRegistration", "recordAttendance", "recordPositioningTest", "annulCertification", "getRoster",
    "publishSession", "putSession", "patchSession", "confirmSession", "cancelSession", "recordSessionAttendance",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    filters: tuple[str, ...]


def _operations() -> tuple[Operation, ...]:
    document = offline_application().openapi()
    return tuple(
        Operation(
            said["operationId"],
            method,
            path,
            tuple(item["name"] for item in said.get("parameters", ()) if item.get("in") == "query"),
        )
        for path, item in document["paths"].items()
        for method, said in item.items()
        if method in METHODS
    )


OPERATIONS = _operations()
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


def test_every_operation_has_its_row() -> None:
    assert {operation.id for operation in OPERATIONS} == FOREIGN_ACCESS.keys()


@dataclass(frozen=True, slots=True)
class World:
    """What La Mednum has: a registration of an adviser nobody else concerns, with a result."""

    adviser: dict[str, Any]
    registration: dict[str, Any]
    certification: dict[str, Any]
    contract_id: str
    endpoint: dict[str, Any]
    delivery: dict[str, Any]
    support_request: dict[str, Any]
    sent_import: dict[str, Any]
    session_id: str
    changed_by: list[str] = field(default_factory=list[str])
    """The operations that were not refused and do more than read."""

    @property
    def traces(self) -> set[str]:
        """What betrays any of it."""
        own = (
            self.adviser, self.registration, self.certification, self.endpoint, self.delivery, self.support_request,
            self.sent_import,
        )  # fmt: skip
        return {item["id"] for item in own} | {self.adviser["email"], str(self.adviser["conum_id"])}

    @property
    def names(self) -> dict[str, str]:
        """The path parameters and filters that name any of it."""
        return {
            "registration_id": self.registration["id"],
            "adviser_id": self.adviser["id"],
            "certification_id": self.certification["id"],
            "contract_id": self.contract_id,
            "endpoint_id": self.endpoint["id"],
            "delivery_id": self.delivery["id"],
            "support_request_id": self.support_request["id"],
            "organisation_id": str(LA_MEDNUM),
            "training_organisation_id": str(LA_MEDNUM),
            "code": "numerique-responsable",
            "version": "2021-01-01",
            "client_id": str(uuid4()),
            "message_id": str(uuid4()),
            "import_id": self.sent_import["id"],
            "session_id": self.session_id,
            "key_id": "0" * 12,
            "ids": self.registration["id"],
            "conum_id": str(self.adviser["conum_id"]),
            "email": self.adviser["email"],
            "status": "accepted",
            "module_code": "numerique-responsable",
            "qualification": "pix",
            "outcome": "obtained",
            "updated_since": "2020-01-01T00:00:00Z",
        }


def _build_world(served: LiveServer, platform: httpx.Client, organisation: httpx.Client) -> World:
    adviser_id = an_adviser_in_post(platform, email=f"{uuid4()}@example.org")
    registration = register(organisation, adviser_id, starts_on=UPCOMING_DAY).raise_for_status().json()
    result = {"adviser_id": adviser_id, "qualification": "pix", "outcome": "obtained", "on": "2024-09-12"}
    certification = organisation.post("/v1/certifications", json=result).raise_for_status().json()
    contracts = platform.get("/v1/contracts", params={"adviser_id": adviser_id}).json()["data"]
    adviser = platform.get(f"/v1/advisers/{adviser_id}").json()
    new_endpoint = {"url": "https://mednum.example/hooks"}
    endpoint = organisation.post("/v1/webhook-endpoints", json=new_endpoint).raise_for_status().json()
    delivery = organisation.post(f"/v1/webhook-endpoints/{endpoint['id']}/test").raise_for_status().json()
    request = open_request(organisation, adviser_id, registration_id=registration["id"])
    rejected = sent_objects(organisation, "certifications", {"adviser_id": adviser_id}).raise_for_status().json()
    run_waiting_imports(served)
    session, contract = a_session(organisation), contracts[0]["id"]
    return World(adviser, registration, certification, contract, endpoint, delivery, request, rejected, session)


@pytest.fixture(scope="module")
def unchanged_world(served: LiveServer) -> Generator[Callable[[], World]]:
    """Gives the world of the test before, unless a call has changed it: most calls here are refused, or read."""
    built = list[World]()
    with served.client("platform") as platform, served.client("training_organisation") as organisation:

        def remove_endpoint() -> None:
            if built:
                organisation.delete(f"/v1/webhook-endpoints/{built[-1].endpoint['id']}")

        def unchanged() -> World:
            if not built or built[-1].changed_by:
                remove_endpoint()
                built.append(_build_world(served, platform, organisation))
            return built[-1]

        yield unchanged
        remove_endpoint()


@pytest.fixture
def world(unchanged_world: Callable[[], World]) -> World:
    return unchanged_world()


def _bodies(world: World) -> dict[str, Any]:
    """Bodies that name what is La Mednum's, valid in themselves."""
    registration = registration_body(world.adviser["id"], starts_on="2026-10-06")
    result = {"adviser_id": world.adviser["id"], "qualification": "pix", "outcome": "obtained", "on": "2024-09-13"}
    return {
        "registerAdviser": registration,
        "previewRegistration": registration,
        "recordCertification": result | {"training_organisation_id": str(LA_MEDNUM)},
        "recordJuryResults": {"data": [result | {"training_organisation_id": str(LA_MEDNUM)}]},
        "publishSession": session_body(),
        "putSession": session_body(),
        "patchSession": {"seats": {"maximum": 12}},
        "recordSessionAttendance": {"data": [{"registration_id": world.registration["id"], "outcome": "completed"}]},
        "annulCertification": {"motive": "Erreur de saisie"},
        "rescheduleRegistration": {"session": {"place": "Ailleurs"}},
        "chooseOverQuota": {"choice": "cancel"},
        "reExamineRegistration": {},
        "cancelRegistration": {},
        "recordAttendance": {"outcome": "completed"},
        "recordPositioningTest": {"taken_on": "2026-05-01", "hours": 175},
        "openSupportRequest": opening(world.adviser["id"], registration_id=world.registration["id"]),
        "answerSupportRequest": {"granted": False, "motive": "erreur"},
        "addAdviser": adviser_body(),
        "putAdviser": adviser_body(),
        "patchAdviser": {"department": "36"},
        "carryOver": {"bucket": "civil_year:2026", "units": 1, "motive": "erreur", "decided_on": "2026-06-01"},
        "changeWebhookEndpoint": {"types": ["*"]},
        "recoverDeliveries": {"since": "2026-01-01T00:00:00Z"},
        "addContract": contract_body(world.adviser["id"]),
        "putContract": contract_body(world.adviser["id"]),
        "patchContract": {"ends_on": None},
    }


def _call(client: httpx.Client, operation: Operation, world: World, **filters: str) -> httpx.Response:
    path = operation.path.format_map(world.names)
    body = _bodies(world).get(operation.id, {})
    content: dict[str, Any] = {} if operation.method in {"get", "delete"} else {"json": body}
    if operation.id == "importFile":  # without its file
        content = {"files": {"kind": (None, "certifications")}}
    answer = client.request(
        operation.method, path, params=filters, headers=idempotency_headers() | {"If-Match": "*"}, **content
    )
    if operation.method != "get" and not answer.is_client_error:
        world.changed_by.append(operation.id)
    return answer


@every_operation
def test_what_is_another_organisation_s(histya: httpx.Client, world: World, operation: Operation) -> None:
    answer = _call(histya, operation, world)

    match FOREIGN_ACCESS[operation.id]:
        case ForeignAccess.CLOSED | ForeignAccess.REFUSED:
            expect_problem(answer, 403, "forbidden")
        case ForeignAccess.ABSENT:
            expect_problem(answer, 404, "not-found")
        case ForeignAccess.SHARED:
            assert answer.status_code == 200
        case ForeignAccess.FILTERED:
            assert answer.status_code == 200
        case ForeignAccess.UNKNOWN:
            expect_problem(answer, 422, "unknown-reference")
        case ForeignAccess.OWN:
            assert answer.status_code == 422
    assert not [trace for trace in world.traces if trace in answer.text]


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (each, name)
        for each in OPERATIONS
        if FOREIGN_ACCESS.get(each.id) is ForeignAccess.FILTERED
        for name in each.filters
    ],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_no_filter_reaches_it(histya: httpx.Client, world: World, operation: Operation, name: str) -> None:
    value = FILTERS_OF_THEIR_OWN.get((operation.id, name), world.names.get(name))
    filters = {} if value is None else {name: value}

    answer = _call(histya, operation, world, **filters)

    # A filter by e-mail is closed to organisations: it would say who exists.
    assert answer.status_code == (400 if name == "email" else 200), answer.text
    assert not [trace for trace in world.traces if trace in answer.text]


@every_operation
def test_its_owner_finds_it(organisation: httpx.Client, world: World, operation: Operation) -> None:
    answer = _call(organisation, operation, world)

    if FOREIGN_ACCESS[operation.id] is ForeignAccess.CLOSED:
        expect_problem(answer, 403, "forbidden")
    else:
        assert answer.status_code not in {401, 403, 404}, answer.text
        assert answer.status_code < 500


@every_operation
def test_the_platform_finds_what_is_everybody_s(platform: httpx.Client, world: World, operation: Operation) -> None:
    answer = _call(platform, operation, world)

    if operation.id in FOR_ADMINISTRATORS | FOR_HOLDERS_OF_SESSIONS:
        expect_problem(answer, 403, "forbidden")
    elif operation.id in OF_ONE_OWNER:
        expect_problem(answer, 404, "not-found")
    else:
        assert answer.status_code not in {401, 403, 404}, answer.text
        assert answer.status_code < 500


@every_operation
def test_an_administrator_may_call_everything(admin: httpx.Client, world: World, operation: Operation) -> None:
    answer = _call(admin, operation, world)

    assert answer.status_code not in {401, 403}, answer.text
    assert answer.status_code < 500


@every_operation
@pytest.mark.parametrize("caller", ["nobody", "revoked"])
def test_nobody_else_may_call_anything(
    anonymous: httpx.Client, revoked_key: str, world: World, operation: Operation, caller: str
) -> None:
    anonymous.headers.pop("Authorization", None)
    if caller == "revoked":
        anonymous.headers["Authorization"] = f"Bearer {revoked_key}"

    answer = _call(anonymous, operation, world)
    anonymous.headers.pop("Authorization", None)

    expect_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_organisation_is_shown_no_more_of_an_adviser_than_it_needs(
    organisation: httpx.Client, platform: httpx.Client, world: World
) -> None:
    seen = organisation.get(f"/v1/advisers/{world.adviser['id']}").json()
    whole = platform.get(f"/v1/advisers/{world.adviser['id']}").json()

    assert {name for name, value in whole.items() if value is not None and seen.get(name) is None} >= {"email"}
    assert str(HISTYA) not in organisation.get("/v1/registrations", params={"limit": 500}).text
    assert SIRET not in organisation.get(f"/v1/advisers/{world.adviser['id']}/training-record").text
