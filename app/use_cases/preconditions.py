"""Which version of a resource the caller means to change (`If-Match`)."""

from dataclasses import dataclass

from app.use_cases.errors import PreconditionFailed, PreconditionRequired


@dataclass(frozen=True, slots=True)
class Precondition:
    """`versions` are those the caller accepts; None when it said nothing; `anything` for `*`; `weakly` when others were
    named by weak validators, which match nothing."""

    versions: frozenset[int] | None = None
    anything: bool = False
    by_weak_tag: bool = False

    def check(self, present: int) -> None:
        """Raise PreconditionMissing or Stale unless `present` is expected."""
        if self.anything:
            return
        if self.versions is None:
            raise PreconditionRequired
        if present not in self.versions:
            raise PreconditionFailed(present, weakly=self.by_weak_tag)

    def narrowed(self, present: int) -> "Precondition":
        """Only `present`, once it was found among those expected: what was read is what will be changed.

        Raises PreconditionMissing, Stale.
        """
        self.check(present)
        return Precondition(frozenset({present}))


ANY_VERSION = Precondition(anything=True)
