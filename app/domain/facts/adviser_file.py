"""The adviser's file: every fact that the rules read about a person, as of one moment."""

from dataclasses import dataclass, replace
from datetime import date

from app.domain.facts.adviser import Adviser
from app.domain.facts.certification import Certification
from app.domain.facts.contract import Contract
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import RegistrationId, Unit
from app.domain.facts.session import Session


@dataclass(frozen=True, slots=True)
class CarryOver:
    """Units of a bucket that the support desk gave back (report de droits, R27). `opens_on` and `expires_on`, both
    included, are their own window: it stays, whatever becomes of the bucket (section 4.2)."""

    bucket: str
    units: int
    opens_on: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class EarlierUsage:
    """What the same person used under an earlier file, anonymised since: entries into initial training, and units.
    They count as if they were in this file; what was followed, when and with whom is not kept."""

    entries: tuple[date, ...] = ()
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class AdviserFile:
    """`registrations` are in order of creation, whatever their status; `former` is None without an earlier file.
    `excused_periods` are the periods of obligations, named as in section 7, whose justification was granted."""

    adviser: Adviser
    contracts: tuple[Contract, ...] = ()
    certifications: tuple[Certification, ...] = ()
    registrations: tuple[Registration, ...] = ()
    carry_overs: tuple[CarryOver, ...] = ()
    former: EarlierUsage | None = None
    excused_periods: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[date, ...]:
        """Every entry into funded initial training: the imported one, those of an earlier file (the same day counts
        once), and registrations accepted or completed here."""
        history = self.adviser.initial_training
        imported = (history.entered_on,) if history else ()
        earlier = self.former.entries if self.former else ()
        known = tuple(dict.fromkeys(imported + earlier))
        return known + tuple(item.first_day for item in self.registrations if item.is_entry)

    def entries_other_than(self, session: Session) -> tuple[date, ...]:
        """The entries, but an imported one that lies within the session: it tells of that very training (R11)."""
        history = self.adviser.initial_training
        if history is None or not session.starts_on <= history.entered_on <= session.ends_on:
            return self.entries
        return self.entries[1:]  # the imported one comes first

    @property
    def entered_on(self) -> date | None:
        """The first day of initial training, None as long as none is known."""
        return min(self.entries, default=None)

    @property
    def exempted_on(self) -> date | None:
        """The first day an exempting qualification was held (dispense, R14), None when none is."""
        exempting = (
            result.on
            for result in self.certifications
            if result.is_obtained and result.qualification.exempts_from_initial_training
        )
        return min(exempting, default=None)

    @property
    def held_units(self) -> frozenset[Unit]:
        return frozenset(item.unit for item in self.registrations if item.unit is not None) | self.units_used_before

    @property
    def units_used_before(self) -> frozenset[Unit]:
        """The units that the same person used under an earlier file."""
        return frozenset(self.former.units if self.former else ())

    def duplicate_of(self, registration: Registration) -> Registration | None:
        """Another active registration for the same module and first day (section 5)."""
        return next(
            (
                other
                for other in self.registrations
                if other.is_active
                and other.id != registration.id
                and other.first_day == registration.first_day
                and other.request.module.code == registration.request.module.code
            ),
            None,
        )

    def overlapping(self, registration: Registration) -> tuple[Registration, ...]:
        """The others that share a day with it, while both stand: no text allows it, none forbids it (section 5ter)."""
        session = registration.request.session
        if not registration.takes_place:
            return ()
        return tuple(
            other
            for other in self.registrations
            if other.takes_place and other.id != registration.id and other.request.session.shares_a_day_with(session)
        )

    def without_registration(self, registration: RegistrationId) -> "AdviserFile":
        return replace(self, registrations=tuple(item for item in self.registrations if item.id != registration))

    def with_registration(self, registration: Registration) -> "AdviserFile":
        """The file with this registration, which replaces its former state or comes last when it is new."""
        if registration.id not in {item.id for item in self.registrations}:
            return replace(self, registrations=(*self.registrations, registration))
        return replace(
            self,
            registrations=tuple(registration if item.id == registration.id else item for item in self.registrations),
        )
