"""What everybody here does without being told; where a tool cannot see to it, a test does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from app.api.administration import audit_log_routes, import_routes, policy_routes, statistics_routes
from app.api.advisers import adviser_routes, obligation_routes, personal_data_routes, training_record_svg
from app.api.application import UndeclaredRouteError, create_application
from app.api.certifications import certification_routes
from app.api.contracts import contract_routes
from app.api.http.application_state import ApplicationState
from app.api.http.problems.conflict_problems import TRANSITION_MESSAGES, conflict_problem
from app.api.http.problems.problem_types import PROBLEM_TYPES
from app.api.identity import api_key_routes, client_routes
from app.api.identity.authorisation import scope_of
from app.api.modules import catalogue_routes
from app.api.notifications import delivery_routes, event_routes, message_routes, webhook_endpoint_routes
from app.api.registrations import registration_routes
from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.domain.errors import Conflict
from app.domain.events import EventType
from app.domain.facts.registration import Status
from app.persistence.engine.database import open_database
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.audit_entries import AuditEntry, uuid_literal
from app.wording.decision_summaries import STATUS_LABELS
from app.wording.languages import Language
from app.wording.refusals import how_to_fix, refusal_label
from tests.fake_clock import MORNING, FakeClock
from tests.live_server import PEPPER

PROJECT = Path(__file__).parents[2]
APP = PROJECT / "app"
MODULES = {path.relative_to(PROJECT).as_posix(): path for path in sorted(APP.rglob("*.py"))}
ALL_OF_PYTHON = [
    *MODULES.values(),
    *sorted((PROJECT / "tests").rglob("*.py")),
    *sorted((PROJECT / "benchmarks").rglob("*.py")),
    *sorted((PROJECT / "migrations").rglob("*.py")),
]
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}

LONGEST_MODULE = 300
LONGEST_FUNCTION = 45
ROUTERS = (
    registration_routes, adviser_routes, contract_routes, certification_routes, catalogue_routes, event_routes,
    client_routes, api_key_routes, audit_log_routes, webhook_endpoint_routes, delivery_routes, message_routes,
    obligation_routes, policy_routes, training_record_svg, personal_data_routes, statistics_routes, import_routes,
)  # fmt: skip
PUBLIC_PATHS = {
    "/", "/docs", "/guide", "/guide/samples/{name}", "/problems", "/problems/{code}", "/favicon.ico", "/robots.txt",
    "/answer/{token}", "/mailbox", "/mailbox/{message_id}", "/mailbox/{message_id}/html",
    "/privacy", "/statistics", "/statistics/leave", "/statistics/{by}.csv",
    "/livez", "/readyz", "/metrics", "/openapi.json",
}  # fmt: skip


def calls(tree: ast.AST) -> Iterator[str]:
    """Every call as it is written, without its arguments: `datetime.now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def texts(tree: ast.AST) -> Iterator[str]:
    """Every string but the docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def files_where(pattern: str, *, words: bool = False) -> set[str]:
    """The modules of the app with a call, or a string that is no docstring, that the pattern matches."""
    found = texts if words else calls
    return {name for name, tree in TREES.items() if any(re.search(pattern, item) for item in found(tree))}


def test_nothing_commits_but_the_one_transaction() -> None:
    assert files_where(r"\.(commit|rollback|begin)$") == set()
    assert files_where(r"^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT)\b", words=True) == {"app/persistence/engine/database.py"}


def test_time_is_an_argument_everywhere_but_in_the_clock() -> None:
    assert files_where(r"\b(date|datetime)\.(now|today|utcnow)$|\btime\.time$") == {"app/clock.py"}


def test_the_domain_asks_nothing_of_the_world() -> None:
    outside = r"^(open|print|input)$|\.(read_text|write_text|getenv)$|^uuid[147]$"

    assert {name for name in files_where(outside) if name.startswith("app/domain/")} == set()


def import_statements(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def test_no_import_is_relative() -> None:
    assert [path for path in ALL_OF_PYTHON for node in import_statements(path) if getattr(node, "level", 0)] == []


def test_nothing_is_mocked() -> None:
    mocks = re.compile(r"\b(mock|pytest_mock)\b")

    assert [path for path in ALL_OF_PYTHON for node in import_statements(path) if mocks.search(ast.unparse(node))] == []


def test_nothing_is_left_for_later() -> None:
    left = re.compile("|".join((r"\bTO" + "DO", r"\bFIX" + "ME", r"\bX" + r"XX\b")))  # not found in itself

    assert [path for path in ALL_OF_PYTHON if left.search(path.read_text())] == []


def test_a_suppression_says_why() -> None:
    silent = re.compile(r"# (noqa|type: ignore|pyright: ignore|pragma)[^#\n]*$")

    assert [
        f"{path}:{number}"
        for path in ALL_OF_PYTHON
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if silent.search(line)
    ] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_read_in_one_sitting(module: str) -> None:
    assert len(MODULES[module].read_text().splitlines()) <= LONGEST_MODULE


def is_one_match(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it says one sentence for each case: long, and simple."""
    return isinstance(function.body[-1], ast.Match) and len(function.body) <= 2


def functions() -> dict[str, int]:
    """The length in lines of every function of the app that is more than a match."""
    return {
        f"{module}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_one_match(node)
    }


def test_no_function_is_longer_than_a_screen() -> None:
    assert {name: lines for name, lines in functions().items() if lines > LONGEST_FUNCTION} == {}


def test_nine_functions_in_ten_are_short() -> None:
    lengths = sorted(functions().values())

    assert lengths[len(lengths) // 2] <= 8
    assert lengths[len(lengths) * 9 // 10] <= 20


@pytest.fixture
def service() -> ApplicationState:
    """Nothing connects before the first request."""
    return ApplicationState(
        open_database("postgresql://nobody@127.0.0.1:1/nowhere"), FakeClock(), PEPPER, "http://127.0.0.1"
    )


@pytest.mark.parametrize("noun", ROUTERS, ids=lambda module: module.__name__)
def test_every_route_declares_its_scope(noun: ModuleType) -> None:
    routes: list[APIRoute] = [route for route in noun.router.routes if isinstance(route, APIRoute)]

    assert len(routes) == len(noun.router.routes) > 0
    assert [route.path for route in routes if scope_of(route) is None] == []


def test_only_the_pages_for_everybody_are_public(service: ApplicationState) -> None:
    plain = {
        route.path
        for route in create_application(service).routes
        if isinstance(route, Route | Mount) and not isinstance(route, APIRoute)
    }

    assert plain - {"/assets", "/design-system", "/docs/assets"} == PUBLIC_PATHS


async def _undeclared() -> None:
    """A route for anybody."""


def test_an_application_with_an_undeclared_route_does_not_start(
    service: ApplicationState, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter(prefix="/v1/secrets")
    router.get("/open")(_undeclared)
    monkeypatch.setattr(catalogue_routes, "router", router)

    with pytest.raises(UndeclaredRouteError, match="/v1/secrets/open"):
        create_application(service)


def test_an_undeclared_route_is_seen_in_a_router_within_a_router(
    service: ApplicationState, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, outer = APIRouter(prefix="/secrets"), APIRouter(prefix="/v1")
    inner.get("/open")(_undeclared)
    outer.include_router(inner)
    monkeypatch.setattr(catalogue_routes, "router", outer)

    with pytest.raises(UndeclaredRouteError, match="declares no scope"):
        create_application(service)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_worded_with_a_way_to_put_it_right(reason: Reason, language: Language) -> None:
    sentences = (sentence(Refusal(reason)).in_language(language) for sentence in (refusal_label, how_to_fix))

    assert all(sentence.endswith(".") and len(sentence) > 20 for sentence in sentences)
    assert re.fullmatch(r"R\d+", reason.rule)


def test_every_absence_is_worded_differently() -> None:
    assert len({refusal_label(Refusal(Reason.NOT_IN_POST, detail)) for detail in Absence}) == len(Absence)


def test_every_status_is_worded() -> None:
    assert set(STATUS_LABELS) == set(Status)


def test_every_event_is_named_for_its_subject_and_told_by_some_use_case() -> None:
    told = {
        match for tree in TREES.values() for item in ast.walk(tree) if isinstance(item, ast.Attribute)
        for match in [item.attr] if ast.unparse(item.value) == "EventType"
    }  # fmt: skip

    assert all(re.fullmatch(r"(registration|certification|entitlement|adviser)\.[a-z_]+", item) for item in EventType)
    assert told == {item.name for item in EventType}


def test_every_move_that_a_status_forbids_is_worded() -> None:
    moves = set(re.findall(r'_check_transition\("([a-z-]+)"', MODULES["app/domain/facts/registration.py"].read_text()))

    assert moves == set(TRANSITION_MESSAGES)


@pytest.mark.parametrize("kind", Conflict.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_conflict_has_a_problem_of_its_own(kind: type[Conflict]) -> None:
    matched = re.findall(r"case (\w+)\(\)", MODULES["app/api/http/problems/conflict_problems.py"].read_text())

    assert kind.__name__ in matched
    with pytest.raises(Conflict):
        conflict_problem(Conflict(), "")


def test_every_problem_raised_is_in_the_catalogue_that_clients_can_read() -> None:
    raised = {
        node.args[0].value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Problem"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }

    assert raised <= set(PROBLEM_TYPES)


# What is written into the texts of this room, by file: constants, numbered places, names of our own columns. Anything
# that a client can choose goes as a parameter, so that whoever adds a line here says where its value comes from.
COMPOSED = {
    "app/persistence/advisers/advisers.py": {"SELECT", "SELECT_FOR_AN_ORGANISATION", "visible"},
    # The last two are digested to a number.
    "app/persistence/engine/transactions/idempotency.py": {"INSERT_RESPONSE", "self.client_id", "self.key"},
    "app/persistence/certifications.py": {"SELECT", "_OF_ITS_ADVISERS", "visible"},
    "app/persistence/catalogue.py": {"MODULE_FACTS", "ORGANISATION_FACTS"},
    "app/persistence/administration/clients.py": {"REVOCATIONS_CHANNEL"},
    "app/persistence/administration/api_keys.py": {"KEYS", "REVOCATIONS_CHANNEL"},
    "app/persistence/engine/database.py": {"audit_entry.insert_statement(subjects)", "idempotency.lock_key"},
    "app/persistence/engine/transactions/opening.py": {
        "' AND '.join(tried)", "begin", "conditions", "hold_instant(audit_entry.at)", "idempotency.lock_key",
        "is_recent_enough(timed_entry.at)", "lock.adviser", "script",
    },
    # Names and values of settings, which are constants, and what a URL is put together from.
    "app/persistence/engine/connection.py": {
        "address", "urlencode(options)",
        "' AND '.join([*role, *settings, 'true'])", "session['role']", "name", "value", "credentials", "at",
        "host if named else ''",
    },
    "app/persistence/outbox/deliveries.py": {
        "DELETE_BATCH", "ENDPOINT_RECIPIENT", "IS_OWNED", "MAX_ATTEMPTS_SHOWN", "_MAKE_DUE_AGAIN", "_SHOWN",
        "Channel.WEBHOOK", "_resource(f'{_SHOWN}, response')", "attempt", "attempts",
    },
    "app/persistence/outbox/employer_selection.py": {"EVENT_DAY", "_COVERS", "_LAST_DAY", "_RUNS"},
    "app/persistence/advisers/adviser_file_statements.py": {
        "CARRY_OVERS", "CERTIFICATIONS", "CONTRACTS", "FILE_JSON", "MODULE_FACTS", "ORGANISATION_FACTS",
        "REGISTRATIONS", "RESOURCE_COLUMNS", "adviser", "columns", "joined",
    },
    "app/persistence/administration/imports.py": {"_CLAIMED"},
    "app/persistence/schema/tables/import_tables.py": {"NAMES_ADVISER"},
    "app/persistence/identities/identity_normalisation.py": {  # digested, and in no statement
        "CONUM_ID", "EMAIL", "IDENTIFIER", "NAME", "adviser", "found.strip('.')", "name", "number", "one", "other",
    },
    "app/persistence/administration/secret_key_usage.py": {"table"},  # of SEALED
    "app/persistence/engine/transactions/adviser_locks.py": {"self.id.hex", "self.owner.hex", "target"},
    "app/persistence/schema/migrations.py": {"following"},  # the number of a file
    "app/persistence/engine/pagination.py": {
        "' AND '.join(conditions)", "', '.join(order)", "', '.join(places)", "column", "f'{way}, '.join(order)",
        "following", "len(values)", "len(values) + place", "page", "select", "table_alias", "way", "where",
    },
    "app/persistence/registrations.py": {
        "RESOURCE", "RESOURCE_COLUMNS", "WRITE", "_UPDATES",
        "_insert('registration', REGISTRATION_COLUMNS, '$1', decision_id=_DECISION)", "values",
        "_insert('decision', DECISION_COLUMNS, '$2')", "_insert('outbox', EVENT_COLUMNS, '$3')", "column", "listed",
        "parameter", "table",
    },
    "app/persistence/advisers/reminders.py": {"BEFORE_FIRST"},
    "app/persistence/outbox/email_deduplication.py": {"JOIN_REQUEST.format('d')", "JOIN_REQUEST.format('g')"},
    "app/persistence/engine/upsert.py": {
        "', '.join(names)", "changes", "lock", "name", "names", "place", "places", "self.key", "self.table",
    },
    # Hexadecimal digits, an instant, an identifier: see below.
    "app/persistence/engine/transactions/audit_entries.py": {
        "', '.join(subjects)", "', '.join(values)", "columns", "self.action", "self.at.isoformat()", "value.hex",
    },
    "app/persistence/engine/tenant_reader.py": {"self.training_organisation_id.hex"},
    "app/persistence/schema/tables/shared_columns.py": {"column", "listed", "value"},
    "app/persistence/administration/policies.py": {"RESOURCE"},
    "app/persistence/administration/health.py": {"WORKER_APPLICATION_NAME"},
    "app/persistence/engine/listen_notify.py": {"CHANGED_CHANNEL"},
    "app/persistence/engine/secrets/secret_box.py": {"secret"},  # digested to a key
    "app/persistence/schema/tables/delivery_tables.py": {"IS_ABOUT_ADVISER"},
    "app/persistence/schema/personal_data_statements.py": {
        "PARAMETERS", "', '.join((_erasing_assignment(column) for column in erased_columns(ADVISER)))",
        "', '.join((_rows_as_json(*held) for held in PERSONAL_DATA_TABLES.values()))",
        "', '.join(changes)", "column.name", "columns", "entry.rows", "left", "name", "named", "order", "rows",
        "table.name", "value",
    },
    "app/persistence/administration/statistics.py": {
        "MAX_GROUPS + 1", "_IS_IN_PERIOD", "' '.join(joins)", "', '.join(columns)", "_GROUPS[group]",
        "_MEASURES[measure]", "counted", "group", "measure", "places",
    },
    "app/persistence/schema/retention_periods.py": {"duration // DAY", "duration // HOUR"},  # said to people
    "app/persistence/outbox/messages.py": {
        "EMAIL_CONTEXT", "EMAIL_LANE_ID", "ENDPOINT_OWNER_RECIPIENT", "EVENT_DAY", "MAX_ATTEMPTS_SHOWN", "RESOURCE",
        "SESSION_OR_EVENT_DAY", "_CONTRACT", "_EMPLOYER", "_EMPLOYER_AT_ONCE", "_TODAY", "Channel.EMAIL",
        "warning.kind",
    },
    "app/persistence/engine/transactions/change_watermark.py": {
        "LOCK_CLASS", "', '.join(WATERMARKED_TABLES)", "(at + MARGIN).isoformat()", "seconds",
    },
    "app/persistence/outbox/webhook_endpoints.py": {"IS_OWNED", "RESOURCE"},
    "app/persistence/outbox/feed_positions.py": {
        "BATCH", "DELETE_BATCH", "ERASURE_EVENT_TYPE", "FEED_MOVED_CHANNEL", "GLOBAL_FEED_ID",
    },
}  # fmt: skip


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("app/persistence/")])
def test_statements_are_composed_of_known_constants_only(module: str) -> None:
    raised = {id(part) for node in ast.walk(TREES[module]) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    written = {
        ast.unparse(node.value)
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.FormattedValue) and id(node) not in raised
    }

    assert written - COMPOSED.get(module, set()) == set()


@pytest.mark.parametrize("owner", [False, True])
def test_only_uuids_are_written_into_a_lock(owner: bool) -> None:  # noqa: FBT001  # a parameter of pytest's
    nasty: Any = "'; DROP TABLE adviser; --"
    lock = (
        AdviserLock(LockTarget.REGISTRATION, UUID(int=1), nasty)
        if owner
        else AdviserLock(LockTarget.REGISTRATION, nasty)
    )

    with pytest.raises((AttributeError, ValueError)):
        _ = lock.adviser


@pytest.mark.parametrize("place", ["client_id", "action", "request_id", "at"])
def test_only_uuids_an_instant_and_an_identifier_are_written_into_a_trace(place: str) -> None:
    nasty: Any = "'; DROP TABLE audit_log; --"
    known: dict[str, Any] = {"client_id": UUID(int=1), "action": "getAdviser", "request_id": UUID(int=2), "at": MORNING}
    trace = AuditEntry(**known | {place: nasty})

    with pytest.raises((AttributeError, ValueError)):
        trace.insert_statement([])


def test_only_uuids_are_subjects() -> None:
    nasty: Any = "'; DROP TABLE audit_log; --"

    with pytest.raises(AttributeError):
        uuid_literal(nasty)
