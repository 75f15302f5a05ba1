"""A complete rotation of SECRET_KEY: nothing that can be written again needs the old value; the rest is reported."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.api.identity.api_key_secrets import NewKey, Pepper, generate_key
from app.persistence.administration.api_keys import add_key, find_key, revoke_key
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import AuthenticatedClient, Client, add_client
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError, SecretBox, fingerprint
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.identities.identity_digests import existing_digester
from app.use_cases.administration.rotate_secrets import SETTLING_TIME, RemainingUses, remaining_uses, reseal_secrets
from app.use_cases.advisers.anonymise_adviser import anonymise
from app.use_cases.advisers.upsert_adviser import add_adviser
from app.use_cases.preconditions import ANY_VERSION
from tests.fake_clock import MORNING
from tests.live_server import PEPPER
from tests.outbox.webhooks.webhook_builders import an_endpoint
from tests.persistence.counting_proxy import through_counting_proxy
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    a_request_context,
    adviser_columns,
    an_adviser,
    an_adviser_in_post,
    register_in,
    response_content,
)

OLD, NEW = PEPPER.secrets[0], "another-secret-for-tests-that-is-long-enough"
BOTH = Pepper((NEW, OLD))
LATER = MORNING + SETTLING_TIME
NEXT_DAY = FIRST_DAY + timedelta(days=1)


async def a_key(database: Database, pepper: Pepper = PEPPER) -> NewKey:
    client, key = Client(uuid4(), Role.PLATFORM, None), generate_key()
    async with database.transaction() as tx:
        await add_client(tx, client, "La Coop", MORNING)
        await add_key(tx, key.id, client.id, pepper.digest(key.secret), expires_at=None, now=MORNING)
    return key


async def found(
    database: Database, key: NewKey, pepper: Pepper, secret: str | None = None
) -> AuthenticatedClient | None:
    return await find_key(database, key.id, pepper.candidate_digests(secret or key.secret), MORNING)


async def stored_key(database: Database, key: NewKey) -> Row:
    row = await database.one("SELECT *, xmin FROM api_key WHERE id = $1", key.id)
    assert row is not None
    return row


async def left_to_rotate(database: Database, *secrets: str) -> RemainingUses:
    return await remaining_uses(database, secrets or (NEW, OLD), LATER)


async def test_a_key_that_is_used_is_kept_under_the_new_value_from_then_on(database: Database) -> None:
    key, unused = await a_key(database), await a_key(database)

    assert await found(database, key, BOTH)

    new = Pepper((NEW,))
    assert (await stored_key(database, key))["digest"] == new.digest(key.secret).content
    assert [await found(database, one, new) is not None for one in (key, unused)] == [True, False]
    assert await found(database, key, PEPPER) is None


async def test_a_key_of_the_new_value_is_not_written_again_and_costs_one_round_trip(
    database: Database, database_url: str
) -> None:
    key = await a_key(database)
    await found(database, key, BOTH)
    once = await stored_key(database, key)
    async with through_counting_proxy(database_url) as (url, proxy):
        wired = open_database(url, pool_size=1)
        await found(wired, await a_key(database), BOTH)
        before = proxy.round_trips
        await found(wired, key, BOTH)
        new_already = proxy.round_trips - before
        await found(wired, await a_key(database), BOTH)  # and its first use is noted
        both = proxy.round_trips - before
        await wired.close()

    assert (new_already, both) == (1, 3)
    assert await stored_key(database, key) == once


async def test_a_wrong_secret_writes_nothing(database: Database) -> None:
    key, other = await a_key(database), await a_key(database)
    before = await stored_key(database, key)

    assert await found(database, key, BOTH, other.secret) is None

    assert await stored_key(database, key) == before


async def test_webhooks_are_signed_with_the_new_value_alone(database: Database) -> None:
    await an_endpoint(database, "https://hooks.example.org")
    (sealed,) = await database.many("SELECT sealed FROM webhook_secret")
    with pytest.raises(SealedByAnotherKeyError):
        SecretBox((NEW,)).open(sealed["sealed"])

    done = await reseal_secrets(database, (NEW, OLD), MORNING)

    (again,) = await database.many("SELECT sealed FROM webhook_secret")
    assert SecretBox((NEW,)).open(again["sealed"]) == SecretBox((OLD,)).open(sealed["sealed"])
    assert (done, await reseal_secrets(database, (NEW, OLD), MORNING)) == (1, 0)


async def _forgotten(database: Database, conum_id: int) -> None:
    trace = AuditEntry(None, "anonymiseAdviser", None, MORNING)
    await anonymise(database, await an_adviser(database, conum_id=conum_id), ANY_VERSION, MORNING, trace)


async def test_whoever_was_anonymised_before_is_recognised_after(database: Database, database_url: str) -> None:
    await _forgotten(database, 4_242)
    await reseal_secrets(database, (NEW, OLD), MORNING)

    renewed = open_database(database_url, pool_size=2, secrets=(NEW,))
    adviser = UUID(
        response_content(await add_adviser(renewed, adviser_columns(conum_id=4_242), a_request_context()))["id"]
    )
    first, second = await existing_digester(database), await existing_digester(renewed)
    await renewed.close()

    row = await database.one("SELECT former_entries FROM adviser WHERE id = $1", adviser)
    assert row is not None
    assert len(row["former_entries"]) == 1
    assert first == second


async def test_the_audit_entry_of_a_rotation_names_nobody(database: Database) -> None:
    await reseal_secrets(database, (NEW, OLD), MORNING)

    (line,) = await database.many("SELECT client_id, subject_ids FROM audit_log WHERE action = 'rotateSecrets'")
    assert (line["client_id"], line["subject_ids"]) == (None, [])


async def test_the_old_value_may_go_once_nothing_needs_it(database: Database) -> None:
    key = await a_key(database)
    await _forgotten(database, 1)
    before = await left_to_rotate(database)

    await reseal_secrets(database, (NEW, OLD), MORNING)
    meanwhile = await left_to_rotate(database)
    await found(database, key, BOTH)
    after = await left_to_rotate(database)

    assert (before.since, before.sealed, [row["id"] for row in before.keys]) == (None, 1, [key.id])
    assert (meanwhile.since, meanwhile.sealed, [row["id"] for row in meanwhile.keys]) == (MORNING, 0, [key.id])
    assert [one.is_nothing for one in (before, meanwhile, after)] == [False, False, True]


async def test_a_revoked_key_needs_no_old_value(database: Database) -> None:
    key = await a_key(database)
    await reseal_secrets(database, (NEW, OLD), MORNING)
    async with database.transaction() as tx:
        await revoke_key(tx, key.id, MORNING)

    assert (await left_to_rotate(database)).is_nothing


async def test_cursors_and_sessions_settle_for_an_hour(database: Database) -> None:
    await reseal_secrets(database, (NEW, OLD), MORNING)

    within, after = [
        await remaining_uses(database, (NEW, OLD), MORNING + SETTLING_TIME + timedelta(seconds=seconds))
        for seconds in (-1, 0)
    ]

    assert (within.is_nothing, after.is_nothing) == (False, True)


async def test_a_link_that_can_still_be_answered_is_reported_with_its_last_day(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser, FIRST_DAY)
    waiting = await register_in(database, adviser, NEXT_DAY)
    await reseal_secrets(database, (NEW, OLD), LATER)
    asked_after = await register_in(
        database, adviser, NEXT_DAY + timedelta(days=1), context=a_request_context(now=LATER)
    )

    before = await remaining_uses(database, (NEW, OLD), LATER + SETTLING_TIME)
    on_the_day = await remaining_uses(database, (NEW, OLD), LATER.replace(month=NEXT_DAY.month, day=NEXT_DAY.day))

    assert (waiting["status"], asked_after["status"]) == ("awaiting_choice", "awaiting_choice")
    assert (before.links, before.links_until, before.is_nothing) == (1, FIRST_DAY, False)
    assert on_the_day.is_nothing


async def test_a_secret_that_no_value_opens_is_reported(database: Database) -> None:
    await an_endpoint(database, "https://hooks.example.org")

    lost = await remaining_uses(database, (NEW,), LATER)

    assert (lost.lost, lost.sealed) == (1, 0)
    assert await reseal_secrets(database, (NEW,), MORNING) == 0


def test_a_fingerprint_tells_values_apart_and_nothing_of_them() -> None:
    assert fingerprint(OLD) != fingerprint(NEW)
    assert len(fingerprint(OLD)) < len(OLD) // 2
