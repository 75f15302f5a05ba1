"""SQL is composed of constants and numbered parameters; what is written into it is of a type that can't break it."""

import ast
from typing import Any
from uuid import UUID

import pytest

from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.audit_entries import AuditEntry, uuid_literal
from tests.fake_clock import MORNING
from tests.house.source_files import MODULES, TREES

# What is written into the texts of `app/persistence`, by file: constants, numbered places, names of our own columns.
# What a client can choose goes as a parameter: whoever adds a line here says where its value comes from.
COMPOSED = {
    "app/persistence/advisers/advisers.py": {
        "LOCK_ADVISER", "SELECT", "SELECT_FOR_AN_ORGANISATION", "_IS_VISIBLE.format('$3', t='a')",
        "_IS_VISIBLE.format('$3', t='adviser')", "visible",
    },
    # The last two are digested to a number.
    "app/persistence/administration/audit_log.py": {"', '.join(AUDIT_COLUMNS)"},
    "app/persistence/engine/transactions/idempotency.py": {
        "INSERT_RESPONSE", "RESPONSE_COLUMNS", "self.client_id", "self.key",
    },
    "app/persistence/certifications.py": {"SELECT", "_OF_ITS_ADVISERS", "visible"},
    "app/persistence/support_requests.py": {"name", "own[0]"},  # pointers, and the name of a column
    "app/persistence/advisers/support_subjects.py": {
        "JOIN_SESSION", "MAX_LISTED", "RECORDED_COLUMNS", "_CERTIFICATIONS", "_IS_KNOWN", "_REGISTRATIONS",
    },
    "app/persistence/advisers/personal_links.py": {"JOIN_SESSION", "RECORDED_COLUMNS"},
    "app/persistence/catalogue.py": {"MODULE_FACTS", "ORGANISATION_FACTS"},
    "app/persistence/administration/clients.py": {"REVOCATIONS_CHANNEL"},
    "app/persistence/administration/api_keys.py": {"KEYS", "REVOCATIONS_CHANNEL"},
    "app/persistence/engine/transactions/commits.py": {
        "audit_entry.insert_statement(subjects)", "idempotency.lock_key",
    },
    "app/persistence/registration_batches.py": {  # tables, columns and places are constants
        "FILE_JSON", "MODULE_FACTS", "ORGANISATION_FACTS", "RESPONSE_COLUMNS", "LOCK_ADVISER", "LOCK_CLASS",
        "', '.join(columns)", "values",
        "table", "parameter", "adviser", "column", "_insert('registration', REGISTRATION_COLUMNS, '$6')",
        "_insert('decision', DECISION_COLUMNS, '$7')", "_insert('outbox', EVENT_COLUMNS, '$8')",
        "_insert('audit_log', AUDIT_COLUMNS, '$9', 'given.subject_ids[1]')",
    },
    "app/persistence/engine/transactions/opening.py": {
        "' AND '.join(tried)", "LOCK_ADVISER", "begin", "conditions", "hold_instant(audit_entry.at)",
        "idempotency.lock_key", "is_recent_enough(timed_entry.at)", "lock.adviser", "script",
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
    "app/persistence/outbox/employer_recipient.py": {"EVENT_DAY", "_COVERS", "_LAST_DAY", "_RUNS"},
    "app/persistence/advisers/adviser_file_statements.py": {
        "AGREED_FUNDING", "CARRY_OVERS", "CERTIFICATIONS", "CONTRACTS", "EXCUSED_PERIODS", "FILE_JSON", "MODULE_FACTS",
        "ORGANISATION_FACTS", "REGISTRATIONS", "RESOURCE_COLUMNS", "SEAT", "SESSION_FACTS", "SESSION_VENUE", "adviser",
        "columns", "joined", "module", "organisation",
    },
    "app/persistence/administration/imports.py": {"SELECT", "_CLAIMED"},
    "app/persistence/sessions/session_deeds.py": {"_DUE", "_LEFT"},
    "app/persistence/schema/tables/import_tables.py": {"NAMES_ADVISER"},
    "app/persistence/identities/identity_normalisation.py": {  # digested, and in no statement
        "CONUM_ID", "EMAIL", "IDENTIFIER", "NAME", "adviser", "found.strip('.')", "name", "number", "one", "other",
    },
    "app/persistence/administration/secret_key_usage.py": {"table"},  # of SEALED
    "app/persistence/engine/transactions/adviser_locks.py": {"self.id.hex", "self.owner.hex", "target"},
    "app/persistence/schema/migrations.py": {"following"},  # the number of a file
    "app/persistence/engine/pagination.py": {
        "' AND '.join(conditions)", "', '.join(order)", "', '.join(places)", "column", "following", "len(values)",
        "len(values) + place", "page", "select", "table_alias", "way", "where", "alias", "columns", "keys", "last",
        "rows", "self._following_rows(alias, values)", "self._following_rows(table_alias, values)",
        "self._in_order(alias)", "self._in_order(table_alias)", "source.joined", "source.subject", "source.table",
        "source.text", "', '.join((f'{table_alias}.{column}{way}' for column in self.order))",
    },
    # The JSON of resources and the SQL in it are constants.
    "app/persistence/engine/reads/json_templates.py": {
        "','.join([*written, added] if added is not None else written)", "', '.join(parts)",
        "'|'.join(map(value, keys))", "MARK", "_SQL", "constant", "field", "name", "sql", "value(sql)", "written",
    },
    "app/persistence/registrations/registration_texts.py": {
        "OVERLAPPING", "SEAT", "SEAT_PLACE", "_SELF", "value('r.id')", "value(BASE_URL)", "value(_WARNINGS)",
    },
    "app/persistence/registrations/registrations.py": {
        "OVERLAPPING", "OVERLAPS", "RESOURCE_COLUMNS", "RESPONSE_COLUMNS", "SEAT", "SEAT_PLACE",
        "TAKES_PLACE.format('o')", "TAKES_PLACE.format('r')", "WRITE", "_UPDATES",
        "_insert('registration', REGISTRATION_COLUMNS, '$1', decision_id=_DECISION)", "values",
        "_insert('decision', DECISION_COLUMNS, '$2')", "_insert('outbox', EVENT_COLUMNS, '$3')", "column", "listed",
        "parameter", "table",
    },
    "app/persistence/registrations/recorded_sessions.py": {"JOIN_SESSION", "RECORDED_COLUMNS", "SEAT", "SEAT_PLACE"},
    # Groups and measures are those of its enumerations.
    "app/persistence/sessions/session_statistics.py": {
        "', '.join(columns)", "MAX_GROUPS + 1", "NO_LIMIT", "_GROUPS[group]", "_STANDS", "counted", "expression",
        "group", "measure", "places",
    },
    "app/persistence/sessions/sessions.py": {"NO_LIMIT", "RESOURCE", "SESSION_FACTS"},
    "app/persistence/advisers/reminders.py": {"BEFORE_FIRST"},
    "app/persistence/outbox/email_deduplication.py": {"JOIN_REQUEST.format('d')", "JOIN_REQUEST.format('g')"},
    "app/persistence/engine/upsert.py": {
        "', '.join(names)", "changes", "lock", "name", "names", "place", "places", "self.key", "self.table",
    },
    # Hexadecimal digits, an instant, an identifier: see below.
    "app/persistence/engine/transactions/audit_entries.py": {
        "', '.join(AUDIT_COLUMNS)", "', '.join(subjects)", "', '.join(values)", "self.action",
        "self.at.isoformat()", "value.hex",
    },
    "app/persistence/engine/reads/tenant_reader.py": {"self.training_organisation_id.hex"},
    "app/persistence/schema/tables/shared_columns.py": {"column", "listed", "value"},
    "app/persistence/administration/policies.py": {"RESOURCE"},
    "app/persistence/administration/health.py": {"WORKER_APPLICATION_NAME"},
    "app/persistence/engine/listen_notify.py": {"CHANGED_CHANNEL"},
    "app/persistence/engine/secrets/secret_box.py": {"secret"},  # digested to a key
    "app/persistence/schema/tables/delivery_tables.py": {"IS_ABOUT_ADVISER", "IS_EVENT_OF_ADVISER"},
    "app/persistence/schema/personal_data_statements.py": {
        "PARAMETERS", "', '.join((_erasing_assignment(column) for column in erased_columns(ADVISER)))",
        "', '.join((_rows_as_json(*held) for held in PERSONAL_DATA_TABLES.values()))",
        "', '.join(changes)", "column.name", "columns", "entry.rows", "kind", "left", "name", "named", "order", "rows",
        "table.name", "value",
    },
    # Labels, measures and groups are those of `KINDS` and of the enumerations of statistics; places and months ours.
    "app/persistence/administration/kept_counts.py": {
        "' UNION ALL '.join((labels_of(kind) for kind in range(len(KINDS))))",
        "', '.join((f'{name} = EXCLUDED.{name}' for name in _COLUMNS))", "', '.join(_COLUMNS)", "AFTER_QUOTA",
        "DAYS_TO_DECISION", "DAYS_TO_SESSION", "MONTH", "changes_between('$1', '$2')", "kind", "mark", "name",
        "reasons if 'reason' in KINDS[kind] else ''", "until", "values",
    },
    "app/persistence/administration/kept_count_queries.py": {
        "', '.join(counted)", "MONTH", "cells(kind)", "changes_between(mark, \"'infinity'\")", "columns[group]",
        "group", "kind", "labels_of(kind)", "limit", "month", "order", "part", "place", "places[label]",
        "places.get('training_organisation_id')", "query", "value",
    },
    "app/persistence/administration/statistics.py": {
        "MAX_GROUPS + 1", "_IS_IN_PERIOD", "' '.join(joins)", "', '.join(columns)", "_GROUPS[group]",
        "_MEASURES[measure]", "counted", "group", "measure", "places",
    },
    "app/persistence/schema/retention_periods.py": {"duration // DAY", "duration // HOUR"},  # said to people
    "app/persistence/outbox/messages.py": {
        "EMAIL_CONTEXT", "EMAIL_LANE_ID", "ENDPOINT_OWNER_RECIPIENT", "EVENT_DAY", "MAX_ATTEMPTS_SHOWN", "RESOURCE",
        "PUBLISHED_SESSION", "SESSION_OR_EVENT_DAY", "_CONTRACT", "_EMPLOYER", "_EMPLOYER_AT_ONCE", "_TODAY",
        "Channel.EMAIL", "warning.kind",
    },
    "app/persistence/outbox/message_sessions.py": {
        "SEAT", "SEAT_PLACE", "SESSION_TOLD", "_FORMER", "_IS_IN_CALENDAR", "_OUTCOMES",
    },
    "app/persistence/engine/transactions/change_watermark.py": {
        "LOCK_CLASS", "', '.join(WATERMARKED_TABLES)", "(at + MARGIN).isoformat()", "lock_seconds(at)",
    },
    "app/persistence/rosters.py": {"SEAT", "SEAT_PLACE", "_ACTING", "_COVERING", "_EMPLOYER"},
    "app/persistence/outbox/event_feed.py": {"MAX_SCANNED", "to_sql(json_object(_EVENT))"},  # constants
    "app/persistence/outbox/webhook_endpoints.py": {"IS_OWNED", "RESOURCE"},
    "app/persistence/outbox/assign_feed_positions.py": {
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
def test_only_uuids_an_instant_and_an_identifier_are_written_into_an_audit_entry(place: str) -> None:
    nasty: Any = "'; DROP TABLE audit_log; --"
    known: dict[str, Any] = {"client_id": UUID(int=1), "action": "getAdviser", "request_id": UUID(int=2), "at": MORNING}
    audit_entry = AuditEntry(**known | {place: nasty})

    with pytest.raises((AttributeError, ValueError)):
        audit_entry.insert_statement([])


def test_only_uuids_are_subjects() -> None:
    nasty: Any = "'; DROP TABLE audit_log; --"

    with pytest.raises(AttributeError):
        uuid_literal(nasty)
