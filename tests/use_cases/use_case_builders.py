"""Advisers, contracts and registrations for tests below the API, with defaults that the rules admit."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from app.domain.errors import Conflict
from app.domain.facts.module import ModuleCode
from app.domain.facts.session import Session, SessionFormat
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest, ReplayableResponse
from app.seed.published_catalogue import LA_FABRIK, LA_MEDNUM
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.preconditions import ANY_VERSION, Precondition
from app.use_cases.registrations.register_adviser import NewRegistration, register
from app.use_cases.request_context import RequestContext
from app.use_cases.upsert_contract import upsert_contract
from tests.fake_clock import MORNING

day: Final = date.fromisoformat

NO_PRECONDITION: Final = Precondition()
FIRST_DAY: Final = day("2026-09-08")  # to come, by the clock of the tests
PAST_DAY: Final = day("2026-05-12")
MODULE: Final = "numerique-responsable"
INITIAL: Final = "formation-initiale"

PLATFORM: Final = Client(UUID(int=7_001), Role.PLATFORM, None)
MEDNUM: Final = Client(UUID(int=7_002), Role.TRAINING_ORGANISATION, LA_MEDNUM)


def whole_row_response(row: Row) -> ReplayableResponse:
    """The whole row, more than clients are shown."""
    return ReplayableResponse(200, orjson.dumps(dict(row), default=str), {"ETag": f'"{row.get("version")}"'})


def conflict_response(conflict: Conflict) -> ReplayableResponse:
    return ReplayableResponse(409, type(conflict).__name__.encode(), {"Content-Type": "application/problem+json"})


def a_request_context(
    *,
    client: Client = PLATFORM,
    now: datetime = MORNING,
    key: str | None = None,
    request: str = "the same request",
    render: Callable[[Row], ReplayableResponse] = whole_row_response,
    audit_entry: AuditEntry | None = None,
) -> RequestContext:
    """Requests with equal `request` have the same fingerprint."""
    fingerprint = sha256(request.encode()).digest()
    idempotency = None if key is None else IdempotentRequest(client.id, key, fingerprint, now, conflict_response)
    return RequestContext(client, now, render, idempotency, audit_entry)


def an_idempotency_key() -> str:
    return str(uuid4())


def response_content(answer: ReplayableResponse) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(answer.body)
    return content


def adviser_columns(**others: Any) -> dict[str, Any]:
    """An adviser of category E."""
    return {
        "conum_id": None,
        "first_name": "Camille",
        "last_name": "Exemple",
        "email": "camille@example.org",
        "department": "35",
        "in_scheme": True,
        "initial_training_entered_on": day("2022-03-14"),
        "initial_training_ended_on": None,
        **others,
    }


def contract_columns(adviser: UUID, **others: Any) -> dict[str, Any]:
    """A complete open-ended contract with a public employer."""
    return {
        "adviser_id": adviser,
        "type": "CDI",
        "starts_on": day("2022-01-10"),
        "ends_on": None,
        "terminated_on": None,
        "termination_motive": None,
        "renews_contract_id": None,
        "employer_siret": "21350238800019",
        "employer_name": "Ville d’exemple",
        "employer_legal_form": "public",
        "employer_department": "35",
        "employer_contact_email": "mairie@example.org",
        "employer_aidants_connect_accredited": False,
        "ds_file_number": "1234567",
        "contract_uploaded_on": day("2022-01-17"),
        "validated_on": day("2022-01-20"),
        **others,
    }


async def an_adviser(database: Database, **others: Any) -> UUID:
    adviser = uuid4()
    await upsert_adviser(database, adviser, adviser_columns(**others), NO_PRECONDITION, a_request_context())
    return adviser


async def a_contract(database: Database, adviser: UUID, **others: Any) -> UUID:
    contract = uuid4()
    await upsert_contract(database, contract, contract_columns(adviser, **others), NO_PRECONDITION, a_request_context())
    return contract


async def change_contract(database: Database, contract: UUID, adviser: UUID, **others: Any) -> None:
    await upsert_contract(database, contract, contract_columns(adviser, **others), ANY_VERSION, a_request_context())


async def an_adviser_in_post(database: Database, **others: Any) -> UUID:
    adviser = await an_adviser(database, **others)
    await a_contract(database, adviser)
    return adviser


def a_session(starts_on: date = FIRST_DAY) -> Session:
    return Session(starts_on, starts_on, SessionFormat.REMOTE)


def a_new_registration(adviser: UUID, starts_on: date = FIRST_DAY, module: str = MODULE) -> NewRegistration:
    """One of a session of the past says so."""
    organisation = LA_FABRIK if module == INITIAL else LA_MEDNUM
    return NewRegistration(
        adviser,
        ModuleCode(module),
        organisation,
        a_session(starts_on),
        requested_on=day("2026-04-01"),
        employer_agreement=False,
        regularisation=starts_on <= MORNING.date(),
    )


async def register_in(
    database: Database,
    adviser: UUID,
    starts_on: date = FIRST_DAY,
    module: str = MODULE,
    context: RequestContext | None = None,
) -> dict[str, Any]:
    """The content of the response to the registration."""
    return response_content(
        await register(database, a_new_registration(adviser, starts_on, module), context or a_request_context())
    )


def id_of(registration: Mapping[str, Any]) -> UUID:
    return UUID(registration["id"])


async def stored_registration(database: Database, registration: Mapping[str, Any]) -> Row:
    """The row of the registration as it is stored now."""
    row = await database.one("SELECT * FROM registration WHERE id = $1", id_of(registration))
    assert row is not None
    return row
