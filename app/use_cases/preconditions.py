"""Which version of a resource the caller expects to change (`If-Match`)."""

from dataclasses import dataclass

from app.use_cases.errors import PreconditionFailed, PreconditionRequired


@dataclass(frozen=True, slots=True)
class Precondition:
    """`versions` are those that the caller accepts, None when it stated none; `anything` stands for `*`; `by_weak_tag`
    says that others were named by weak validators, which match nothing."""

    versions: frozenset[int] | None = None
    anything: bool = False
    by_weak_tag: bool = False

    def check(self, present: int) -> None:
        """Raise PreconditionRequired or PreconditionFailed unless `present` is expected."""
        if self.anything:
            return
        if self.versions is None:
            raise PreconditionRequired
        if present not in self.versions:
            raise PreconditionFailed(present, weakly=self.by_weak_tag)

    def narrowed(self, present: int) -> "Precondition":
        """Return a precondition on `present` alone, so that the version read is the version changed.

        Raise PreconditionRequired, PreconditionFailed.
        """
        self.check(present)
        return Precondition(frozenset({present}))


ANY_VERSION = Precondition(anything=True)
