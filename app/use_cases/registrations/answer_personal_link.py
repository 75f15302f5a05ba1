"""The adviser answers through a personal link: the same use cases as through the API, once however often asked."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from app.domain.decisions.admission import Outcome
from app.domain.errors import Conflict
from app.domain.facts.calendar import civil_date
from app.domain.facts.registration_terms import Chooser, Payer, Status
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.administration.policies import read_policies
from app.persistence.advisers.personal_links import read_decision_to_answer
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.request_context import RequestContext

# The client that decisions and the audit log name; the audit entry has the adviser among its subjects.
PERSONAL_LINK_CLIENT = Client(uuid5(NAMESPACE_URL, "urn:inscriptions:lien-personnel"), Role.PLATFORM, None)
EMPTY_RESPONSE = ReplayableResponse(303, b"", {})


class LinkState(StrEnum):
    """What a personal link can still be used for."""

    OPEN = "open"
    ANSWERED = "answered"
    SETTLED = "settled"
    """Something else was decided meanwhile; nothing is left to answer."""
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LinkQuestion:
    """`row` is one of `read_decision_to_answer`; `answerable_until` is the last day on which it can be answered."""

    row: Row
    state: LinkState
    answerable_until: date

    @property
    def is_choice(self) -> bool:
        """Whether it is the over-quota choice; else the notice that a refused registration's file is in order."""
        return bool(self.row["outcome"] == Outcome.OVER_QUOTA)

    @property
    def payers(self) -> tuple[Payer, ...]:
        return tuple(Payer(payer) for payer in self.row["offered_payers"])


async def link_question_of(reader: Reader, decision: UUID, now: datetime) -> LinkQuestion | None:
    """What the link of this decision asks at `now`; None when it asks nothing, or its adviser was anonymised."""
    row = await read_decision_to_answer(reader, decision)
    if row is None or not row["is_known"] or row["outcome"] == Outcome.ACCEPTED:
        return None
    until = row["session_ends_on"]
    if row["outcome"] == Outcome.OVER_QUOTA:
        policies = await read_policies(reader)
        quota = policies.on(row["session_starts_on"]).over_quota
        until = quota.last_reply(row["session_starts_on"], civil_date(row["decided_at"]))
    return LinkQuestion(row, _link_state(row, late=civil_date(now) > until), until)


def _link_state(row: Row, *, late: bool) -> LinkState:
    status = Status(row["status"])
    is_choice = row["outcome"] == Outcome.OVER_QUOTA
    waits = status is Status.AWAITING_CHOICE if is_choice else status is Status.REFUSED and not row["re_examined"]
    if waits:
        in_force = LinkState.EXPIRED if late else LinkState.OPEN
        return in_force if row["stands"] else LinkState.SUPERSEDED
    answered = status is Status.CANCELLED or (row["funding"] == "none" and row["payer"] is not None)
    return LinkState.ANSWERED if is_choice and row["stands"] and answered else LinkState.SETTLED


@dataclass(frozen=True, slots=True)
class LinkReply:
    """The adviser's answer: keep the registration at a payer's expense, cancel it, or (neither) give notice."""

    keep_at_expense_of: Payer | None = None
    cancels: bool = False


async def reply_through_link(
    database: Database, question: LinkQuestion, reply: LinkReply, request: UUID, now: datetime
) -> None:
    """Carry the reply out, unless the question is no longer open: the page then shows its state.

    Raise NotFound.
    """
    if question.state is not LinkState.OPEN:
        return
    audit_entry = AuditEntry(PERSONAL_LINK_CLIENT.id, "answerByPersonalLink", request, now)
    context = RequestContext(PERSONAL_LINK_CLIENT, now, _empty_response, audit_entry=audit_entry)
    registration = question.row["id"]
    try:
        if not question.is_choice:
            await reexamine(database, registration, AdviserNotice(), context)
        elif reply.keep_at_expense_of is not None:
            await keep_unfunded(database, registration, reply.keep_at_expense_of, context, Chooser.ADVISER)
        elif reply.cancels:
            await decline_over_quota(database, registration, context, Chooser.ADVISER)
    except Conflict:
        return


def _empty_response(_: Any) -> ReplayableResponse:
    return EMPTY_RESPONSE
