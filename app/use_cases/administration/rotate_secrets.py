"""Rotate SECRET_KEY to its end: what can be sealed again is; what only time or a client can renew is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.persistence.administration import secret_key_usage
from app.persistence.administration.secret_key_usage import SEALED_TABLES
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError, SecretBox, fingerprint
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.use_cases.civil_date import civil_date

ACTION = "rotateSecrets"
SETTLING_TIME = timedelta(hours=1)  # what lives shortest: pages of lists, and the visit to the statistics


@dataclass(frozen=True, slots=True)
class RemainingUses:
    """What still needs an old value: live `keys` not used since, `sealed` secrets, personal `links` (answerable until
    `links_until` at most), and what was handed out until an hour after `since`, when the newest value began to be used
    (None: nobody has said so). `lost` secrets are opened by no value at all."""

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
    """Seal again, by the newest of the values of SECRET_KEY, whatever an older one sealed; return how much that was."""
    done = 0
    async with database.transaction(audit_entry=AuditEntry(None, ACTION, None, now)) as tx:
        await secret_key_usage.record_use(tx, fingerprint(secrets[0]), now)
        for table, purpose in SEALED_TABLES.items():
            secret_box = SecretBox(secrets, purpose)
            for row in await secret_key_usage.list_sealed(tx, table):
                sealed, _ = _reseal(secret_box, row)
                if sealed is not None:
                    await secret_key_usage.replace_sealed(tx, table, row, sealed)
                    done += 1
    return done


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
    """The secret sealed by the newest value, unless it is; and whether no value opens it."""
    try:
        return secret_box.reseal(row["sealed"]), False
    except SealedByAnotherKeyError:
        return None, True
