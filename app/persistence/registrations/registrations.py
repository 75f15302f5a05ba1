"""Registrations with their decisions: one statement writes all that a use case changed, one reads a resource."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.persistence.engine.database import LookupReader, Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import (
    RESPONSE_COLUMNS,
    IdempotentRequest,
    ReplayableResponse,
    row_values,
)

REGISTRATION_COLUMNS = (
    "id", "adviser_id", "module_code", "training_organisation_id", "session_id", "session_starts_on",
    "session_ends_on", "session_format", "session_place", "session_reference", "requested_on", "employer_agreement",
    "status", "funding", "payer", "unit", "offered_payers", "decision_id", "cancelled_on", "motive",
    "positioning_taken_on", "positioning_hours", "notified_on", "derogated", "agreed_funding", "agreed_payer",
    "absence_counts", "attendance_corrected", "version", "created_at", "updated_at",
)  # fmt: skip
DECISION_COLUMNS = (
    "id", "registration_id", "adviser_id", "cause", "outcome", "reasons", "rules", "funding", "unit",
    "policy_version", "rules_version", "facts", "automatic", "waived", "decided_by", "decided_at",
)  # fmt: skip
EVENT_COLUMNS = (
    "event_id", "type", "subject_type", "subject_id", "subject_version", "adviser_id", "training_organisation_id",
    "data", "occurred_at", "history", "recipients", "decision_id",
)  # fmt: skip

SHOWN_DECISION_COLUMNS = (
    "outcome", "rules", "policy_version", "rules_version", "automatic", "waived", "decided_at",
)  # fmt: skip
# SQL that finds the others `o` of the adviser of `r` that share a day with it, while both stand.
TAKES_PLACE = "{}.status IN ('accepted', 'awaiting_choice', 'completed')"
OVERLAPPING = f"""o.adviser_id = r.adviser_id AND o.id <> r.id
    AND {TAKES_PLACE.format("r")} AND {TAKES_PLACE.format("o")}
    AND o.session_starts_on <= r.session_ends_on AND r.session_starts_on <= o.session_ends_on"""
OVERLAPS = f"""(SELECT json_agg(json_build_object('registration_id', o.id,
    'training_organisation_id', o.training_organisation_id) ORDER BY o.created_at, o.id)::text
    FROM registration o WHERE {OVERLAPPING})"""

# SQL for its place in a published session: `seated` or `waiting`, and the place of one that waits, from 1.
SEAT = """CASE WHEN r.session_id IS NOT NULL THEN (SELECT CASE WHEN p.number IS NULL THEN 'waiting' ELSE 'seated' END
    FROM seat p WHERE p.registration_id = r.id) END"""
SEAT_PLACE = """CASE WHEN r.session_id IS NOT NULL THEN (SELECT nullif(count(*), 0) FROM seat p
    JOIN seat w ON w.session_id = p.session_id AND w.number IS NULL AND w.arrival <= p.arrival
    WHERE p.registration_id = r.id AND p.number IS NULL) END"""

# A registration with its latest decision: all that its resource is made from.
RESOURCE_COLUMNS = ", ".join(
    [f"r.{column}" for column in REGISTRATION_COLUMNS]
    + [f"d.{column}" for column in SHOWN_DECISION_COLUMNS]
    + ["d.reasons::text AS reasons", f"{OVERLAPS} AS overlaps", f"{SEAT} AS seat", f"{SEAT_PLACE} AS seat_place"]
)
MAX_DECISIONS = 500
LIST_DECISIONS = (
    "SELECT d.* FROM decision d WHERE d.registration_id = $1 ORDER BY d.decided_at DESC, d.id DESC LIMIT $2"
)
LIST_DECISIONS_WITH_MOTIVES = """SELECT d.*, (SELECT g.motive FROM derogation g
    WHERE NOT d.automatic AND g.registration_id = d.registration_id AND g.decided_at = d.decided_at) AS motive
FROM decision d WHERE d.registration_id = $1 ORDER BY d.decided_at DESC, d.id DESC LIMIT $2"""
ADD_DEROGATION = """INSERT INTO derogation (registration_id, adviser_id, motive, decided_at, decided_by)
VALUES ($1, $2, $3, $4, $5)"""
# LATERAL keeps the planner to the keys: its statistics may be of tables that were empty a minute ago.
FIND = f"""SELECT {RESOURCE_COLUMNS} FROM unnest($1::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT * FROM registration WHERE id = wanted.id LIMIT 1) r
CROSS JOIN LATERAL (SELECT * FROM decision WHERE id = r.decision_id LIMIT 1) d"""

# Set once: another use case that writes the registration, and does not know them, leaves them as they are.
_WRITE_ONCE_COLUMNS = ("cancelled_on", "motive", "positioning_taken_on", "positioning_hours")
_UPDATED_COLUMNS = (
    "session_id", "session_starts_on", "session_ends_on", "session_format", "employer_agreement", "status", "funding",
    "payer", "unit", "offered_payers", "decision_id", "notified_on", "derogated", "agreed_funding", "agreed_payer",
    "absence_counts", "attendance_corrected", "version", "updated_at",
)  # fmt: skip


def _insert(table: str, columns: Sequence[str], parameter: str, **computed: str) -> str:
    """SQL that inserts a JSON array of rows: one text however many rows, so that it is prepared once. `computed` are
    expressions of columns that are not simply their value in the `given` row."""
    listed = ", ".join(columns)
    values = ", ".join(computed.get(column, column) for column in columns)
    return (
        f"INSERT INTO {table} ({listed}) SELECT {values} FROM json_populate_recordset(NULL::{table}, {parameter}) given"
    )


_UPDATES = ", ".join(
    [f"{column} = EXCLUDED.{column}" for column in _UPDATED_COLUMNS]
    + [f"{column} = coalesce(EXCLUDED.{column}, registration.{column})" for column in _WRITE_ONCE_COLUMNS]
)

# A registration that changes without a new decision keeps its latest: NOT NULL is checked before a conflict is seen.
_DECISION = "coalesce(decision_id, (SELECT r.decision_id FROM registration r WHERE r.id = given.id))"

WRITE = f"""WITH registrations AS ({_insert("registration", REGISTRATION_COLUMNS, "$1", decision_id=_DECISION)}
    ON CONFLICT (id) DO UPDATE SET {_UPDATES}),
decisions AS ({_insert("decision", DECISION_COLUMNS, "$2")}),
events AS ({_insert("outbox", EVENT_COLUMNS, "$3")})"""

WRITE_WITH_RESPONSE = f"""{WRITE}
INSERT INTO idempotency ({RESPONSE_COLUMNS})
VALUES ($4, $5, $6, $7, $8, $9, $10)"""

WRITE_WITHOUT_RESPONSE = f"{WRITE} SELECT 1"


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows to write, by column: new or changed registrations, new decisions, new events."""

    registrations: Sequence[Mapping[str, Any]] = ()
    decisions: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def together(cls, several: Iterable["Changes"]) -> "Changes":
        """Those of several files, or of several registrations."""
        changes = [*several]
        return cls(
            [row for each in changes for row in each.registrations],
            [row for each in changes for row in each.decisions],
            [row for each in changes for row in each.events],
        )

    def as_json(self) -> tuple[str, str, str]:
        rows = (self.registrations, self.decisions, self.events)
        return tuple(orjson.dumps(part, default=str).decode() for part in rows)  # type: ignore[return-value]  # three


async def write(
    transaction: Transaction,
    changes: Changes,
    idempotency: IdempotentRequest | None = None,
    response: ReplayableResponse | None = None,
) -> None:
    """Write all that a use case changed, and the response to store for its request, in one statement."""
    transaction.decisions.extend(changes.decisions)
    if idempotency is not None and response is not None:
        await transaction.run(WRITE_WITH_RESPONSE, *changes.as_json(), *row_values(idempotency, response))
    elif changes.registrations or changes.decisions or changes.events:
        await transaction.run(WRITE_WITHOUT_RESPONSE, *changes.as_json())


async def change_venue(transaction: Transaction, registration: UUID, place: str | None, reference: str | None) -> None:
    """Set the place and the reference of the session, which no other use case writes."""
    statement = "UPDATE registration SET session_place = $2, session_reference = $3 WHERE id = $1"
    await transaction.run(statement, registration, place, reference)


async def add_derogation(
    transaction: Transaction, registration: UUID, adviser: UUID, motive: str, now: datetime, client: UUID
) -> None:
    """Keep why a person decided: beside the decision of that instant, which nothing can change, not even an erasure."""
    await transaction.run(ADD_DEROGATION, registration, adviser, motive, now, client)


async def read(reader: LookupReader, registration: UUID, *, owner: UUID | None) -> Row | None:
    """One registration; None when it is unknown, or of another training organisation than `owner`."""
    row = await reader.one_by_id(FIND, registration)
    return row if row is not None and owner in {None, row["training_organisation_id"]} else None


async def list_decisions(reader: Reader, registration: UUID, *, with_motives: bool = False) -> list[Row]:
    """The decisions of a registration with the facts they read, newest first: at most MAX_DECISIONS. `with_motives`
    adds the `motive` of those that a person took, which training organisations have no right to read."""
    statement = LIST_DECISIONS_WITH_MOTIVES if with_motives else LIST_DECISIONS
    return await reader.many(statement, registration, MAX_DECISIONS)
