"""The advisers that no row has registered yet: each row takes new ones, so that all rows find files of one size."""

from benchmarks.dataset import ADVISERS
from benchmarks.http_load import Result


class AdviserNumbers:
    """Hands out the numbers of the dataset's advisers, in their order."""

    def __init__(self, last: int = ADVISERS) -> None:
        self._next, self._last = 1, last

    def take(self, count: int) -> int:
        """The first of so many. Raise LookupError when there are not so many left."""
        first, self._next = self._next, self._next + count
        if self._next > self._last + 1:
            raise LookupError(f"{self._last} advisers are not enough for this machine: raise BENCH_ADVISERS")
        return first

    def all_left(self) -> range:
        """For a row that does not know how many it needs; it says so to `used` afterwards. Raise LookupError."""
        return range(self.take(1), self._last + 1)

    def used(self, result: Result) -> None:
        """So many of the last `all_left` were used. Raise LookupError."""
        self.take(result.numbers)
