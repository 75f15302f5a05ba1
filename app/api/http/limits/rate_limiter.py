"""How often a client may ask: a bucket that fills evenly, so that a minute's worth may come at once.

Kept by each process in memory. The libraries found count in windows, under a lock or in a store of their own, and
cannot give a unit back; this is a division and a dictionary.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil

MINUTE = 60.0
WHOLE = 1 - 1e-9  # a unit, but for the rounding of refills
MOST_REMEMBERED = 20_000  # addresses come and go; clients are few


@dataclass(slots=True)
class Bucket:
    """`left` units at the monotonic instant `at`, in seconds."""

    left: float
    at: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """`remaining` whole units; `full_in` and `retry_in` whole seconds, at least 1 when there is a wait."""

    granted: bool
    remaining: int
    full_in: int
    retry_in: int


@dataclass(slots=True)
class Limiter:
    per_minute: int
    _buckets: dict[Hashable, Bucket] = field(default_factory=dict[Hashable, Bucket])

    @property
    def remembered(self) -> int:
        return len(self._buckets)

    def take(self, who: Hashable, at: float) -> Allowance:
        """Take a unit at the monotonic instant `at`, if there is one."""
        bucket = self._filled(who, at)
        granted = bucket.left >= WHOLE
        if granted:
            bucket.left -= 1
        return self._allowance(bucket, granted=granted)

    def give_back(self, who: Hashable, at: float) -> Allowance:
        """Undo a `take`."""
        bucket = self._filled(who, at)
        bucket.left = min(bucket.left + 1, self.per_minute)
        return self._allowance(bucket, granted=True)

    def _filled(self, who: Hashable, at: float) -> Bucket:
        bucket = self._buckets.get(who)
        if bucket is None:
            if len(self._buckets) >= MOST_REMEMBERED:
                self._forget_the_full(at)
            bucket = self._buckets[who] = Bucket(self.per_minute, at)
        bucket.left = min(bucket.left + (at - bucket.at) * self.per_minute / MINUTE, self.per_minute)
        bucket.at = at
        return bucket

    def _forget_the_full(self, at: float) -> None:
        """A bucket untouched for a minute is full: forgetting it changes nothing."""
        self._buckets = {who: bucket for who, bucket in self._buckets.items() if at - bucket.at < MINUTE}

    def _allowance(self, bucket: Bucket, *, granted: bool) -> Allowance:
        per_second = self.per_minute / MINUTE
        full_in = ceil((self.per_minute - bucket.left) / per_second)
        retry_in = 0 if bucket.left >= WHOLE else max(1, ceil((1 - bucket.left) / per_second))
        return Allowance(granted, max(0, int(bucket.left)), full_in, retry_in)
