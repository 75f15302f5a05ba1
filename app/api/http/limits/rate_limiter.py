"""Rate limiting with token buckets: they fill evenly, so that the requests of a minute may come at once.

Kept by each process in memory. The libraries found count in windows, under a lock or in a store of their own, and
cannot refund a token; this is a division and a dictionary.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil

MINUTE_SECONDS = 60.0
WHOLE_TOKEN = 1 - 1e-9  # one, less the rounding errors of refills
MAX_BUCKETS = 20_000  # addresses come and go; clients are few


@dataclass(slots=True)
class TokenBucket:
    """`tokens` at the monotonic instant `refilled_at`, in seconds."""

    tokens: float
    refilled_at: float


@dataclass(frozen=True, slots=True)
class RateLimitResult:
    """`remaining` whole tokens; `reset_seconds` until the bucket is full; `retry_after_seconds` until there is a token,
    at least 1 when there is none."""

    allowed: bool
    remaining: int
    reset_seconds: int
    retry_after_seconds: int


@dataclass(slots=True)
class RateLimiter:
    """A bucket of `per_minute` tokens for each key."""

    per_minute: int
    _buckets: dict[Hashable, TokenBucket] = field(default_factory=dict[Hashable, TokenBucket])

    @property
    def bucket_count(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable, at: float) -> RateLimitResult:
        """Take a token at the monotonic instant `at`, if there is one."""
        bucket = self._refilled_bucket(key, at)
        allowed = bucket.tokens >= WHOLE_TOKEN
        if allowed:
            bucket.tokens -= 1
        return self._result(bucket, allowed=allowed)

    def refund(self, key: Hashable, at: float) -> RateLimitResult:
        """Undo a `take`."""
        bucket = self._refilled_bucket(key, at)
        bucket.tokens = min(bucket.tokens + 1, self.per_minute)
        return self._result(bucket, allowed=True)

    def _refilled_bucket(self, key: Hashable, at: float) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._drop_full_buckets(at)
            bucket = self._buckets[key] = TokenBucket(self.per_minute, at)
        bucket.tokens = min(
            bucket.tokens + (at - bucket.refilled_at) * self.per_minute / MINUTE_SECONDS, self.per_minute
        )
        bucket.refilled_at = at
        return bucket

    def _drop_full_buckets(self, at: float) -> None:
        """A bucket untouched for a minute is full: forgetting it changes nothing."""
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if at - bucket.refilled_at < MINUTE_SECONDS
        }

    def _result(self, bucket: TokenBucket, *, allowed: bool) -> RateLimitResult:
        per_second = self.per_minute / MINUTE_SECONDS
        reset = ceil((self.per_minute - bucket.tokens) / per_second)
        retry_after = 0 if bucket.tokens >= WHOLE_TOKEN else max(1, ceil((1 - bucket.tokens) / per_second))
        return RateLimitResult(allowed, max(0, int(bucket.tokens)), reset, retry_after)
