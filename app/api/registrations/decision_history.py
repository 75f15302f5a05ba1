"""The decisions of a registration as a client is shown them, each with the facts that it read."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field, TypeAdapter
from typing_extensions import TypeAliasType, TypedDict

from app.api.http.fields.field_types import BucketName, Motive
from app.api.http.pagination import Pagination
from app.api.registrations.decision_resources import DecisionResource, decision_resource, entitlement_of_unit
from app.domain.decisions.recorded_decisions import Cause
from app.domain.facts.contract import Contract, covering_contract
from app.domain.facts.registration_terms import Funding
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.registrations import MAX_DECISIONS
from app.wording.languages import Language

CONTRACTS_ADAPTER: TypeAdapter[tuple[Contract, ...]] = TypeAdapter(tuple[Contract, ...])
ANOTHER_CLIENT_ID = UUID(int=0)

Facts = TypeAliasType("Facts", dict[str, Any])


class PastDecisionResource(DecisionResource):
    """Une décision passée : sa cause, à la demande de qui elle a été prise et les faits qu’elle a lus.

    Le motif d’une dérogation n’est lu que des administrateurs et de qui l’a écrit.

    Pour un organisme de formation, `decided_by` est l’identifiant nul quand un autre client l’a demandée, et les
    faits ne gardent que ses inscriptions et le contrat qui couvre sa session.
    """

    cause: Cause
    decided_by: UUID
    funding: Funding | None
    entitlement: BucketName | None
    motive: Motive | None
    facts: Facts


class DecisionsResource(TypedDict):
    """Les décisions d’une inscription, la plus récente d’abord."""

    data: Annotated[list[PastDecisionResource], Field(max_length=MAX_DECISIONS)]
    pagination: Pagination


def _visible_facts(stored: str, owner: UUID | None) -> dict[str, Any]:
    """The facts of a decision. Of them, a training organisation sees its own registrations and the contract that covers
    the session, and nothing of an earlier file of the person."""
    facts: dict[str, Any] = orjson.loads(stored)
    if owner is None:
        return facts
    file, first_day = facts["file"], date.fromisoformat(facts["request"]["session"]["starts_on"])
    own = [item for item in file["registrations"] if item["request"]["organisation"]["id"] == str(owner)]
    covering = covering_contract(CONTRACTS_ADAPTER.validate_python(file["contracts"]), first_day)
    contracts = [
        _without_renewed_contract(item) for item in file["contracts"] if covering and item["id"] == str(covering.id)
    ]
    shown = {name: value for name, value in file.items() if name != "former"}
    return {**facts, "file": {**shown, "registrations": own, "contracts": contracts}}


def _without_renewed_contract(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract, without naming the one it renews."""
    return {name: value for name, value in contract.items() if name != "renews_contract_id"}


def past_decision_resource(row: Row, client: Client, language: Language) -> PastDecisionResource:
    """Of a row of the table of decisions, for this client."""
    entitlement, owner = entitlement_of_unit(row["unit"]), client.training_organisation_id
    decision = decision_resource({**row, "decision_id": row["id"]}, entitlement, language, owner)
    decided_it = row["decided_by"] == client.id
    may_see_client = owner is None or decided_it
    return {
        **decision,
        "cause": row["cause"],
        "decided_by": row["decided_by"] if may_see_client else ANOTHER_CLIENT_ID,
        "funding": row["funding"],
        "entitlement": entitlement,
        "motive": row.get("motive") if decided_it or client.role is Role.ADMIN else None,
        "facts": _visible_facts(row["facts"], owner),
    }
