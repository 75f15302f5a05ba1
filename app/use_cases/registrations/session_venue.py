"""Where a session is held, and what its organisation calls it: said to people, read by no rule."""

from dataclasses import dataclass

from app.persistence.engine.driver_types import Row


@dataclass(frozen=True, slots=True)
class Venue:
    """Both are free text: they stay out of the facts of decisions, which are kept for good."""

    place: str | None = None
    reference: str | None = None

    def columns(self) -> dict[str, str | None]:
        return {"session_place": self.place, "session_reference": self.reference}


NO_VENUE = Venue()


def venue_of(registration: Row) -> Venue:
    """Of a stored row."""
    return Venue(registration["session_place"], registration["session_reference"])
