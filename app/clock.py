"""The one clock; everywhere else, time is an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # the clock of the entrances
