"""The employment contract (contrat de travail) and its administrative file (dossier administratif)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

ContractId = NewType("ContractId", UUID)


class ContractType(StrEnum):
    CDI = "CDI"
    CDD = "CDD"
    PEC = "PEC"
    CDP = "CDP"


class LegalForm(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class AdministrativeFile:
    """What the employer must have done; None means not done yet (R3, R4, R5). No rule reads the number of the file."""

    ds_filed: bool
    contract_uploaded_on: date | None
    validated_on: date | None

    @property
    def missing_facts(self) -> int:
        """How many of the three facts are missing, 0 to 3."""
        return (self.ds_filed or None, self.contract_uploaded_on, self.validated_on).count(None)


@dataclass(frozen=True, slots=True)
class Contract:
    """Both ends are included; `ends_on` is None for a CDI, `terminated_on` (rupture) is None while nobody broke it."""

    id: ContractId
    starts_on: date
    ends_on: date | None
    terminated_on: date | None
    renews_contract_id: ContractId | None
    legal_form: LegalForm
    aidants_connect_accredited: bool
    file: AdministrativeFile

    @property
    def last_day(self) -> date:
        """The last day worked, `date.max` when none is foreseen."""
        return min(self.ends_on or date.max, self.terminated_on or date.max)

    @property
    def was_terminated(self) -> bool:
        """Whether the termination, not the term, is what ends it."""
        return self.terminated_on is not None and (self.ends_on is None or self.terminated_on < self.ends_on)

    def covers(self, day: date) -> bool:
        """Validated or not."""
        return self.starts_on <= day <= self.last_day

    def runs_during(self, first: date, last: date) -> bool:
        """Whether it covers at least one day from `first` to `last`, both included."""
        return self.starts_on <= last and first <= self.last_day


def covering_contract(contracts: Iterable[Contract], day: date) -> Contract | None:
    """The contract that a decision about `day` reads (section 3): the one with the fewest missing facts, then the
    latest start, then the lowest id."""
    return min(
        (contract for contract in contracts if contract.covers(day)),
        key=lambda contract: (contract.file.missing_facts, -contract.starts_on.toordinal(), contract.id),
        default=None,
    )
