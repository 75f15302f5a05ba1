"""A clock that tests set."""

from datetime import UTC, datetime

MORNING = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)


class FakeClock:
    """Stands at `now` until it is moved."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now
