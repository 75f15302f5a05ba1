"""A training calendar: each line publishes a session or changes it, as POST and PATCH do, deeds included.

A session is found by its identifier, else by its organisation and reference. Each line has a transaction of its own:
what it changes may concern everybody registered, which is then done in the background as ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.api.http.bodies.merge_patch import patched_body
from app.api.sessions.session_requests import OTHER_ORGANISATION, PublishedSessionRequest
from app.api.sessions.session_resources import session_resource
from app.domain.facts.published_session import SessionDeed, SessionStatus
from app.imports.batch_context import CarriedOutLine, ImportBatch, ImportDefinition, index_by_name, look_up_name
from app.imports.kinds.sessions.hours_cells import CellHours
from app.imports.lines.line_parsing import Line, line_rejected, nest_dotted_names
from app.persistence.catalogue import read_modules, read_organisations
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.sessions import sessions
from app.persistence.sessions.sessions import SESSIONS
from app.use_cases.sessions.change_session import change_in, check_own, decide_in
from app.use_cases.sessions.publish_session import SessionDescription, add_session

REFERENCE_NEEDED = "La ligne n’a ni référence ni identifiant : importée deux fois, elle publierait deux sessions."
NEVER_PUBLISHED = "Cette session n’est pas publiée : il n’y a rien à annuler."
NOT_UNDONE = "Cette session est confirmée ou annulée : un import ne revient pas dessus."
UNKNOWN_STATUS = "Valeurs possibles : open, confirmed, full, cancelled, held."
PLACE = ("name", "address", "department")


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A line about a session of `organisation`; `present` is its locked row, None when it is not published."""

    tx: Transaction
    batch: ImportBatch
    line: Line
    organisation: UUID
    present: Row | None

    async def carry_out(self) -> CarriedOutLine:
        """Raise LineRejected, and as `add_session`, `change_in` and `decide_in`."""
        status = self._status()
        if self.present is None and status is SessionStatus.CANCELLED:
            raise line_rejected(NEVER_PUBLISHED, "status")
        session: UUID = self.present["id"] if self.present else self.line.values.get("id") or uuid7()
        is_changed = await (self._publish(session) if self.present is None else self._change(self.present, status))
        if status is SessionStatus.CONFIRMED:
            is_changed |= await self._confirm(session)
        if is_changed:
            self.batch.check_not_contradicted(session)
        self.batch.lines_by_subject[session] = self.line.number
        return CarriedOutLine((session,) if is_changed else ())

    def _status(self) -> SessionStatus | None:
        written = self.line.values.get("status")
        try:
            return SessionStatus(written) if written is not None else None
        except ValueError:
            raise line_rejected(UNKNOWN_STATUS, "status") from None

    async def _publish(self, session: UUID) -> bool:
        description = await self._description({})
        await add_session(self.tx, session, description, self.batch.context)
        return True

    async def _change(self, present: Row, status: SessionStatus | None) -> bool:
        check_own(present, self.batch.context)
        is_decided = present["confirmed_at"] is not None or present["cancelled_at"] is not None
        if status is SessionStatus.OPEN and is_decided:
            raise line_rejected(NOT_UNDONE, "status")
        if status is SessionStatus.CANCELLED:
            return await self._cancel(present)
        shown = session_resource(await sessions.read(self.tx, present["id"]) or {}, self.batch.context.today)
        known = {name: shown[name] for name in PublishedSessionRequest.model_fields if name in shown}
        row = await change_in(self.tx, present, await self._description(known), self.batch.context)
        return bool(row["version"] != present["version"])

    async def _cancel(self, present: Row) -> bool:
        """A cancelled session stays as it is, whatever else the line says."""
        if present["cancelled_at"] is not None:
            return False
        await decide_in(self.tx, present, SessionDeed.CANCELLATION, self.batch.context)
        return True

    async def _confirm(self, session: UUID) -> bool:
        present = await SESSIONS.read(self.tx, session) or {}
        if present["confirmed_at"] is not None:
            return False
        await decide_in(self.tx, present, SessionDeed.CONFIRMATION, self.batch.context)
        return True

    async def _description(self, known: Mapping[str, Any]) -> SessionDescription:
        """Of the session as the line leaves it. Raise LineRejected, Problem."""
        values = {name: value for name, value in self.line.values.items() if name not in {"id", "status"}}
        if title := values.get("module_code"):
            modules = index_by_name((item, (item.code, name)) for item, name in await read_modules(self.tx))
            values["module_code"] = look_up_name(modules, title, "module_code").code
        values["training_organisation_id"] = self.organisation
        if isinstance(values.get("hours"), CellHours):
            values["hours"] = values["hours"].of_session(values.get("starts_on"), values.get("ends_on"))
        patch = nest_dotted_names(values)
        if "place" in patch:
            patch["place"] = _place(known.get("place") or {}, patch["place"])
        return patched_body(PublishedSessionRequest, known, patch).description(self.organisation)


def _place(known: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any] | None:
    """The place as the line leaves it; None when nothing of it is left."""
    place = {name: {**known, **stated}.get(name) for name in PLACE}
    return place if any(value is not None for value in place.values()) else None


async def start_session_line(tx: Transaction, batch: ImportBatch, lines: Sequence[Line]) -> CarriedOutLine:
    """Carry out the one line. Raise as SessionLine."""
    (line,) = lines
    named = await SESSIONS.read(tx, line.values["id"], locking=True) if line.values.get("id") else None
    organisation = await _organisation(tx, batch, line, named)
    present = named or await _find_by_reference(tx, line, organisation)
    return await SessionLine(tx, batch, line, organisation, present).carry_out()


async def _organisation(tx: Transaction, batch: ImportBatch, line: Line, named: Row | None) -> UUID:
    """Whose session it is: a training organisation writes its own. Raise LineRejected."""
    owner, written = batch.context.client.training_organisation_id, line.values.get("training_organisation_id")
    if written is None:
        found = owner or (named["training_organisation_id"] if named else None)
        if found is None:
            raise line_rejected("Ce champ est requis.", "training_organisation_id")
        return UUID(str(found))
    known = index_by_name((item, (str(item.id), name)) for item, name in await read_organisations(tx))
    organisation = look_up_name(known, written, "training_organisation_id").id
    if owner not in {None, organisation}:
        raise line_rejected(OTHER_ORGANISATION.fr, "training_organisation_id")
    return organisation


async def _find_by_reference(tx: Transaction, line: Line, organisation: UUID) -> Row | None:
    """Locked; None when it is not published. Raise LineRejected."""
    reference = line.values.get("reference")
    if reference is None:
        if line.values.get("id") is None:
            raise line_rejected(REFERENCE_NEEDED, "reference")
        return None
    session = await sessions.find_by_reference(tx, organisation, reference)
    if session is None or line.values.get("id") is not None:
        return None
    return await SESSIONS.read(tx, session, locking=True)


SESSION_IMPORT = ImportDefinition(
    "adviser_id", lambda line: line.number, start_session_line, is_line_by_line=True, own_keys=("id", "reference")
)
