"""Which version of a resource the caller means to change (`If-Match`)."""

from dataclasses import dataclass

from app.use_cases.errors import PreconditionMissing, Stale


@dataclass(frozen=True, slots=True)
class Expected:
    """`versions` are those the caller accepts; None when it said nothing; `anything` for `*`; `weakly` when others were
    named by weak validators, which match nothing."""

    versions: frozenset[int] | None = None
    anything: bool = False
    weakly: bool = False

    def check(self, present: int) -> None:
        """Raise PreconditionMissing or Stale unless `present` is expected."""
        if self.anything:
            return
        if self.versions is None:
            raise PreconditionMissing
        if present not in self.versions:
            raise Stale(present, weakly=self.weakly)

    def narrowed(self, present: int) -> "Expected":
        """Only `present`, once it was found among those expected: what was read is what will be changed.

        Raises PreconditionMissing, Stale.
        """
        self.check(present)
        return Expected(frozenset({present}))


ANYTHING = Expected(anything=True)
