"""The adviser's file, read whole in one statement: its JSON has the shape of the domain's values."""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter

from app.domain.decisions.decision_cascade import Facts
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module, ModuleCode
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.training_organisation import TrainingOrganisation
from app.persistence.administration.policies import load_policies
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import IdempotentRequest, check_stored_row
from app.persistence.registrations import RESOURCE_COLUMNS

FILE: TypeAdapter[AdviserFile] = TypeAdapter(AdviserFile)
FACTS: TypeAdapter[Facts] = TypeAdapter(Facts)
MODULE: TypeAdapter[Module] = TypeAdapter(Module)
ORGANISATION: TypeAdapter[TrainingOrganisation] = TypeAdapter(TrainingOrganisation)

MODULE_FACTS = """json_build_object('code', m.code, 'kind', m.kind, 'open_from', m.open_from,
    'open_until', m.open_until, 'supplementary', m.supplementary, 'prerequisite', m.prerequisite)"""

ORGANISATION_FACTS = "json_build_object('id', o.id, 'deliveries', o.deliveries)"

CONTRACTS = """(SELECT json_agg(json_build_object('id', c.id, 'starts_on', c.starts_on, 'ends_on', c.ends_on,
    'terminated_on', c.terminated_on, 'renews_contract_id', c.renews_contract_id,
    'legal_form', c.employer_legal_form, 'aidants_connect_accredited', c.employer_aidants_connect_accredited,
    'file', json_build_object('ds_filed', c.ds_file_number IS NOT NULL, 'contract_uploaded_on', c.contract_uploaded_on,
        'validated_on', c.validated_on)))
    FROM contract c WHERE c.adviser_id = a.id)"""

CERTIFICATIONS = """(SELECT json_agg(json_build_object('outcome', c.outcome, 'on', c."on",
    'qualification', json_build_object('code', q.code, 'contains', q.contains,
        'exempts_from_initial_training', q.exempts_from_initial_training, 'valid_from', q.valid_from,
        'valid_until', q.valid_until)))
    FROM certification c JOIN qualification q ON q.code = c.qualification WHERE c.adviser_id = a.id)"""

REGISTRATIONS = f"""(SELECT json_agg(json_build_object('id', r.id, 'status', r.status, 'funding', r.funding,
    'payer', r.payer, 'unit', r.unit, 'offered_payers', r.offered_payers, 'version', r.version,
    'created_at', r.created_at, 'request', json_build_object('module', {MODULE_FACTS},
        'organisation', {ORGANISATION_FACTS},
        'session', json_build_object('starts_on', r.session_starts_on, 'ends_on', r.session_ends_on,
            'format', r.session_format),
        'requested_on', r.requested_on, 'employer_agreement', r.employer_agreement,
        'kept_unfunded', r.funding = 'none' AND r.payer IS NOT NULL)) ORDER BY r.created_at, r.id)
    FROM registration r JOIN module m ON m.code = r.module_code
    JOIN training_organisation o ON o.id = r.training_organisation_id WHERE r.adviser_id = a.id)"""

CARRY_OVERS = """(SELECT json_agg(json_build_object('bucket', c.bucket, 'units', c.units))
    FROM carry_over c WHERE c.adviser_id = a.id)"""

FILE_JSON = f"""json_build_object(
    'adviser', json_build_object('id', a.id, 'department', a.department, 'in_scheme', a.in_scheme,
        'initial_training', CASE WHEN a.initial_training_entered_on IS NOT NULL THEN json_build_object(
            'entered_on', a.initial_training_entered_on, 'ended_on', a.initial_training_ended_on) END),
    'contracts', coalesce({CONTRACTS}, '[]'),
    'certifications', coalesce({CERTIFICATIONS}, '[]'),
    'registrations', coalesce({REGISTRATIONS}, '[]'),
    'carry_overs', coalesce({CARRY_OVERS}, '[]'),
    'former', CASE WHEN a.former_units <> '{{}}' OR a.former_entries <> '{{}}' THEN json_build_object(
        'entries', a.former_entries, 'units', a.former_units) END)"""


def _read_statement(target: LockTarget) -> str:
    """What belongs to a registration acted on is read only then; the order of rows that no rule reads is left open."""
    adviser = AdviserLock(target, UUID(int=0)).adviser_from_parameter
    columns, joined = "", ""
    if target is LockTarget.REGISTRATION:
        columns = f", {RESOURCE_COLUMNS}"
        joined = "JOIN registration r ON r.id = $1 JOIN decision d ON d.id = r.decision_id"
    return f"""SELECT {FILE_JSON} AS file, a.anonymised_at,
    (SELECT array_agg(version) FROM policy) AS policy_versions,
    (SELECT {MODULE_FACTS} FROM module m WHERE m.code = $2) AS module,
    (SELECT {ORGANISATION_FACTS} FROM training_organisation o WHERE o.id = $3) AS organisation,
    i.fingerprint, i.status AS answered_status, i.headers AS answered_headers, i.body AS answered_body{columns}
FROM adviser a LEFT JOIN idempotency i ON i.client_id = $4 AND i.key = $5 {joined}
WHERE a.id = {adviser}"""


MODULES = f"SELECT m.title, {MODULE_FACTS} AS facts FROM module m"
ORGANISATIONS = f"SELECT o.name, {ORGANISATION_FACTS} AS facts FROM training_organisation o"
# A registration that waits may be promoted, and take a unit from others, even once its session has started.
FIND_ADVISERS_WITH_OPEN_REGISTRATION = """SELECT DISTINCT adviser_id FROM registration WHERE session_starts_on BETWEEN $1 AND $2
    AND (status = 'awaiting_choice' OR (status IN ('accepted', 'refused') AND session_starts_on > $3))"""
FILES = f"SELECT {FILE_JSON} AS file FROM adviser a WHERE a.id = ANY($1) ORDER BY a.id"
FILES_PER_STATEMENT = 100


READ_FILE_BY_TARGET = {target: _read_statement(target) for target in LockTarget}


# Initial training has ended when it is said so of the time before this service, or when it was completed here; OFFSET
# keeps the planner from walking through all registrations for a few advisers.
READ_FILES_IN_SCHEME = f"""SELECT {FILE_JSON} AS file FROM adviser a
WHERE a.id = ANY($1) AND a.in_scheme AND (NOT $2 OR a.initial_training_ended_on IS NOT NULL OR EXISTS (
    SELECT FROM registration r JOIN module m ON m.code = r.module_code
    WHERE r.adviser_id = a.id AND r.status = 'completed' AND m.kind = 'initial_training' OFFSET 0))
ORDER BY a.id"""


@dataclass(frozen=True, slots=True)
class AdviserSnapshot:
    """Everything a use case starts from. `target` is the row of the registration acted on, None when none is.

    `module` and `organisation` are the catalogue rows asked for, None when unknown.
    """

    file: AdviserFile
    policies: Policies
    module: Module | None
    organisation: TrainingOrganisation | None
    registration_row: Row | None
    is_anonymised: bool = False

    @property
    def adviser_id(self) -> AdviserId:
        return self.file.adviser.id

    def registration(self) -> Registration:
        """The registration acted on."""
        target = self.registration_row["id"] if self.registration_row else None
        return next(item for item in self.file.registrations if item.id == target)


async def read_files(reader: Reader, advisers: Sequence[UUID], *, trained: bool = False) -> list[AdviserFile]:
    """The files of these advisers of the scheme, in the order of their ids; only those whose initial training may have
    ended when `trained`. What is changing at that moment is seen or is not."""
    rows = await reader.many(READ_FILES_IN_SCHEME, [*advisers], trained)
    return [FILE.validate_json(row["file"]) for row in rows]


async def read_snapshot(
    reader: Reader,
    lock: AdviserLock,
    *,
    idempotency: IdempotentRequest | None = None,
    module: ModuleCode | None = None,
    organisation: UUID | None = None,
) -> AdviserSnapshot:
    """Read, in one round trip, the file of the lock's adviser and what is asked beside it.

    Inside a transaction that holds the lock, no other transaction can change the file before the commit.
    Raises Missing, AlreadyAnswered, KeyReused.
    """
    row = await reader.one(
        READ_FILE_BY_TARGET[lock.target],
        lock.id,
        module,
        organisation,
        idempotency.client_id if idempotency else None,
        idempotency.key if idempotency else None,
    )
    if row is None:
        raise NotFound(lock.target)
    if idempotency is not None:
        check_stored_row(idempotency, row)
    return AdviserSnapshot(
        file=FILE.validate_json(row["file"]),
        policies=await load_policies(reader, row["policy_versions"]),
        module=MODULE.validate_json(row["module"]) if row["module"] else None,
        organisation=ORGANISATION.validate_json(row["organisation"]) if row["organisation"] else None,
        registration_row=row if lock.target is LockTarget.REGISTRATION else None,
        is_anonymised=row["anonymised_at"] is not None,
    )


async def files_by_id(reader: Reader, advisers: Collection[UUID]) -> dict[UUID, AdviserFile]:
    """The files of several advisers, whom a transaction may have locked before, in the order of their ids."""
    files = (FILE.validate_json(row["file"]) for row in await reader.many(FILES, list(advisers)))
    return {file.adviser.id: file for file in files}


async def read_modules(reader: Reader) -> list[tuple[Module, str]]:
    """The whole catalogue, each with its title."""
    rows = await reader.many(MODULES)
    return [(MODULE.validate_json(row["facts"]), row["title"]) for row in rows]


async def read_organisations(reader: Reader) -> list[tuple[TrainingOrganisation, str]]:
    """Every training organisation, each with its name."""
    rows = await reader.many(ORGANISATIONS)
    return [(ORGANISATION.validate_json(row["facts"]), row["name"]) for row in rows]


async def files_with_open_registrations(
    reader: Reader, first: date, last: date, today: date
) -> AsyncGenerator[AdviserFile]:
    """Of every adviser with an open registration whose first day is from `first` to `last`, both included. Nobody is
    locked: each file is whole, and no two are of one moment."""
    concerned = [
        row["adviser_id"] for row in await reader.many(FIND_ADVISERS_WITH_OPEN_REGISTRATION, first, last, today)
    ]
    for place in range(0, len(concerned), FILES_PER_STATEMENT):
        for file in (await files_by_id(reader, concerned[place : place + FILES_PER_STATEMENT])).values():
            yield file
