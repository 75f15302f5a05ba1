"""Where a session is held, and its organisation's reference for it: shown to people, read by no rule."""

from dataclasses import dataclass

from app.persistence.engine.driver_types import Row


@dataclass(frozen=True, slots=True)
class Venue:
    """Both are free text, kept out of the facts of decisions, which are never erased."""

    place: str | None = None
    reference: str | None = None

    def columns(self) -> dict[str, str | None]:
        return {"session_place": self.place, "session_reference": self.reference}


NO_VENUE = Venue()


def venue_of(registration: Row) -> Venue:
    """The venue of a stored registration."""
    return Venue(registration["session_place"], registration["session_reference"])
