"""Complete a rotation of SECRET_KEY: seal again what can be, and count what only time or a client can renew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.domain.facts.calendar import civil_date
from app.persistence.administration import secret_key_usage
from app.persistence.administration.secret_key_usage import SEALED_TABLES
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError, SecretBox, fingerprint
from app.persistence.engine.transactions.audit_entries import AuditEntry

ACTION = "rotateSecrets"
SETTLING_TIME = timedelta(hours=1)  # the lifetime of pagination cursors and of sessions on the statistics page


@dataclass(frozen=True, slots=True)
class RemainingUses:
    """What still needs an old value of SECRET_KEY.

    `keys`: live API keys not used since the rotation; `sealed`: secrets sealed by an old value; `lost`: those that no
    value opens; `links`: personal links sent, answerable until `links_until` at most. `since`: when the newest value
    was first used, None when that is not recorded; `is_settling` during the hour after it, while earlier cursors and
    sessions are still valid.
    """

    since: datetime | None
    keys: Sequence[Row]
    sealed: int
    lost: int
    links: int
    links_until: date | None
    is_settling: bool

    @property
    def is_nothing(self) -> bool:
        return not (self.since is None or self.keys or self.sealed or self.links or self.is_settling)


async def reseal_secrets(database: Database, secrets: Sequence[str], now: datetime) -> int:
    """Seal again with the first (newest) of `secrets` whatever an older one sealed; return how many rows that was."""
    resealed = 0
    async with database.transaction(audit_entry=AuditEntry(None, ACTION, None, now)) as tx:
        await secret_key_usage.record_use(tx, fingerprint(secrets[0]), now)
        for table, purpose in SEALED_TABLES.items():
            secret_box = SecretBox(secrets, purpose)
            for row in await secret_key_usage.list_sealed(tx, table):
                sealed, _ = _reseal(secret_box, row)
                if sealed is not None:
                    await secret_key_usage.replace_sealed(tx, table, row, sealed)
                    resealed += 1
    return resealed


async def remaining_uses(reader: Reader, secrets: Sequence[str], now: datetime) -> RemainingUses:
    newest = fingerprint(secrets[0])
    since = await secret_key_usage.first_used_at(reader, newest)
    found = [
        _reseal(SecretBox(secrets, purpose), row)
        for table, purpose in SEALED_TABLES.items()
        for row in await secret_key_usage.list_sealed(reader, table)
    ]
    links, until = await secret_key_usage.count_links_sent_before(reader, since or now, civil_date(now))
    return RemainingUses(
        since,
        await secret_key_usage.keys_under_other_secrets(reader, newest, now),
        sum(sealed is not None for sealed, _ in found),
        sum(lost for _, lost in found),
        links,
        until,
        since is not None and now < since + SETTLING_TIME,
    )


def _reseal(secret_box: SecretBox, row: Row) -> tuple[bytes | None, bool]:
    """The secret sealed by the newest value, None when it is already; and whether no value opens it."""
    try:
        return secret_box.reseal(row["sealed"]), False
    except SealedByAnotherKeyError:
        return None, True
