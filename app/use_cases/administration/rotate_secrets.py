"""Rotate SECRET_KEY to its end: what can be sealed again is; what only time or a client can renew is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.persistence.administration import secret_key_usage
from app.persistence.administration.secret_key_usage import SEALED
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import Safe, SealedByAnotherKeyError, fingerprint
from app.persistence.engine.transactions.audit_entries import Trace
from app.use_cases.civil_date import civil_date

ACTION = "rotateSecrets"
SETTLING = timedelta(hours=1)  # what lives shortest: pages of lists, and the visit to the statistics


@dataclass(frozen=True, slots=True)
class Remaining:
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


async def rotate(database: Database, secrets: Sequence[str], now: datetime) -> int:
    """Seal again, by the newest of the values of SECRET_KEY, whatever an older one sealed; return how much that was."""
    done = 0
    async with database.transaction(trace=Trace(None, ACTION, None, now)) as tx:
        await secret_key_usage.note_use(tx, fingerprint(secrets[0]), now)
        for table, purpose in SEALED.items():
            safe = Safe(secrets, purpose)
            for row in await secret_key_usage.list_sealed(tx, table):
                sealed, _ = _again(safe, row)
                if sealed is not None:
                    await secret_key_usage.replace_sealed(tx, table, row, sealed)
                    done += 1
    return done


async def remaining(reader: Reader, secrets: Sequence[str], now: datetime) -> Remaining:
    newest = fingerprint(secrets[0])
    since = await secret_key_usage.used_since(reader, newest)
    found = [
        _again(Safe(secrets, purpose), row)
        for table, purpose in SEALED.items()
        for row in await secret_key_usage.list_sealed(reader, table)
    ]
    links, until = await secret_key_usage.links_before(reader, since or now, civil_date(now))
    return Remaining(
        since,
        await secret_key_usage.keys_under_others(reader, newest, now),
        sum(sealed is not None for sealed, _ in found),
        sum(lost for _, lost in found),
        links,
        until,
        since is not None and now < since + SETTLING,
    )


def _again(safe: Safe, row: Row) -> tuple[bytes | None, bool]:
    """The secret sealed by the newest value, unless it is; and whether no value opens it."""
    try:
        return safe.sealed_again(row["sealed"]), False
    except SealedByAnotherKeyError:
        return None, True
