"""Who was recognised a moment ago: remembered only while a revocation would be heard."""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from app.persistence.clients import REVOCATIONS, Client, Recognised
from app.persistence.notices import Ear

# Long enough to look a busy client up seldom; short enough should a revocation be announced to a connection that is
# dead and does not know it yet.
REMEMBERED_SECONDS = 4.0
MOST_REMEMBERED = 1000  # access tokens come and go


@dataclass(slots=True)
class Memory:
    """By credential. `hearing` is whether revocations are announced to this process; `forgotten` counts the times that
    everything was forgotten, so that what was looked up before is not remembered after."""

    hearing: bool = False
    forgotten: int = 0
    _known: dict[str, tuple[float, Recognised]] = field(default_factory=dict[str, tuple[float, Recognised]])

    def recall(self, credential: str, now: datetime) -> Client | None:
        until, found = self._known.get(credential, (0.0, None))
        if found is None or until <= monotonic() or (found.expires_at is not None and found.expires_at <= now):
            return None
        return found.client

    def remember(self, credential: str, found: Recognised, forgotten: int) -> None:
        """`forgotten` is what it was when the looking up began."""
        if self.hearing and forgotten == self.forgotten:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[credential] = (monotonic() + REMEMBERED_SECONDS, found)

    def forget(self) -> None:
        """Somebody was revoked, whoever it is."""
        self._known.clear()
        self.forgotten += 1

    @property
    def ear(self) -> Ear:
        """To be listened with."""
        return Ear(REVOCATIONS, lambda _: self.forget(), self.begin_hearing, self.go_deaf)

    def begin_hearing(self) -> None:
        self.forget()
        self.hearing = True

    def go_deaf(self) -> None:
        self.hearing = False
        self.forget()
