"""Advisers' files: all the facts that decisions read, of one adviser in one statement."""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter

from app.domain.decisions.recorded_decisions import Facts
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module, ModuleCode
from app.domain.facts.policy import Policies
from app.domain.facts.published_session import PublishedSession
from app.domain.facts.registration import Registration
from app.domain.facts.training_organisation import TrainingOrganisation
from app.persistence.administration.policies import load_policies
from app.persistence.advisers.adviser_file_statements import (
    FIND_ADVISERS_WITH_OPEN_REGISTRATION,
    READ_FILE_BY_TARGET,
    READ_FILE_WITH_SESSION,
    READ_FILES,
    READ_FILES_IN_SCHEME,
)
from app.persistence.catalogue import MODULE, ORGANISATION
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import IdempotentRequest, check_stored_row
from app.persistence.sessions.sessions import PUBLISHED_SESSION

FILE: TypeAdapter[AdviserFile] = TypeAdapter(AdviserFile)
FACTS: TypeAdapter[Facts] = TypeAdapter(Facts)
FILES_PER_STATEMENT = 100


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """A published session as it was read, its version; its place and reference are copied to registrations."""

    published: PublishedSession
    version: int
    place: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class AdviserSnapshot:
    """All that a use case decides on. `module`, `organisation` and `session` are those asked for, None when unknown;
    `registration_row` is that of the registration acted on, None when none is."""

    file: AdviserFile
    policies: Policies
    module: Module | None
    organisation: TrainingOrganisation | None
    registration_row: Row | None
    is_anonymised: bool = False
    session: SessionSnapshot | None = None

    @property
    def adviser_id(self) -> AdviserId:
        return self.file.adviser.id

    def registration(self, named: UUID | None = None) -> Registration:
        """The registration acted on, or another of the file. Raise NotFound when the file has none so named."""
        target = named or (self.registration_row["id"] if self.registration_row else None)
        found = next((item for item in self.file.registrations if item.id == target), None)
        if found is None:
            raise NotFound(LockTarget.REGISTRATION)
        return found


async def read_files(reader: Reader, advisers: Sequence[UUID], *, trained: bool = False) -> list[AdviserFile]:
    """The files of those of these advisers who are in the scheme, in the order of their ids; when `trained`, only of
    those whose initial training may have ended. Nothing is locked."""
    rows = await reader.many(READ_FILES_IN_SCHEME, [*advisers], trained)
    return [FILE.validate_json(row["file"]) for row in rows]


async def read_snapshot(
    reader: Reader,
    lock: AdviserLock,
    *,
    idempotency: IdempotentRequest | None = None,
    module: ModuleCode | None = None,
    organisation: UUID | None = None,
    session: UUID | None = None,
) -> AdviserSnapshot:
    """Read in one round trip the file of the lock's adviser, and what is asked for beside it. Of a published `session`,
    module and organisation are its own unless they are named.

    Inside a transaction that holds the lock, no other transaction can change the file before the commit.
    Raise NotFound, AlreadyCompleted, IdempotencyKeyReused.
    """
    statements = READ_FILE_BY_TARGET if session is None else READ_FILE_WITH_SESSION
    row = await reader.one(
        statements[lock.target],
        lock.id,
        module,
        organisation,
        idempotency.client_id if idempotency else None,
        idempotency.key if idempotency else None,
        *(() if session is None else (session,)),
    )
    if row is None:
        raise NotFound(lock.target)
    if idempotency is not None:
        check_stored_row(idempotency, row)
    return snapshot_of(
        row,
        await load_policies(reader, row["policy_versions"]),
        registration_row=row if lock.target is LockTarget.REGISTRATION else None,
        is_anonymised=row["anonymised_at"] is not None,
        session=_session_of(row) if session is not None else None,
    )


def snapshot_of(
    row: Row,
    policies: Policies,
    *,
    registration_row: Row | None = None,
    is_anonymised: bool = False,
    session: SessionSnapshot | None = None,
) -> AdviserSnapshot:
    """Of a row with the JSON of the `file`, of the `module` and of the `organisation`, null when unknown."""
    return AdviserSnapshot(
        file=FILE.validate_json(row["file"]),
        policies=policies,
        module=MODULE.validate_json(row["module"]) if row["module"] else None,
        organisation=ORGANISATION.validate_json(row["organisation"]) if row["organisation"] else None,
        registration_row=registration_row,
        is_anonymised=is_anonymised,
        session=session,
    )


def _session_of(row: Row) -> SessionSnapshot | None:
    """None when the session named does not exist."""
    if row["session_version"] is None:
        return None
    published = PUBLISHED_SESSION.validate_json(row["session"])
    return SessionSnapshot(published, row["session_version"], row["published_place"], row["published_reference"])


async def files_by_id(reader: Reader, advisers: Collection[UUID]) -> dict[UUID, AdviserFile]:
    """The files of these advisers, in the order of their ids."""
    files = (FILE.validate_json(row["file"]) for row in await reader.many(READ_FILES, list(advisers)))
    return {file.adviser.id: file for file in files}


async def files_with_open_registrations(
    reader: Reader, first: date, last: date, today: date
) -> AsyncGenerator[AdviserFile]:
    """The file of every adviser with an open registration whose first day is from `first` to `last`, both included.
    Nothing is locked: each file is consistent, and no two are of one moment."""
    advisers = [
        row["adviser_id"] for row in await reader.many(FIND_ADVISERS_WITH_OPEN_REGISTRATION, first, last, today)
    ]
    for place in range(0, len(advisers), FILES_PER_STATEMENT):
        for file in (await files_by_id(reader, advisers[place : place + FILES_PER_STATEMENT])).values():
            yield file
