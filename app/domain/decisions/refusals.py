"""Every reason to refuse. The codes are a public promise: one may be retired, none is renamed or used again."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Self

from app.domain.facts.contract import ContractId


class Actor(StrEnum):
    """Who can put a refusal right."""

    EMPLOYER = "employer"
    ADVISER = "adviser"
    TRAINING_ORGANISATION = "training_organisation"
    NOBODY = "nobody"


class Reason(StrEnum):
    """The table of section 3, in its order: code, rule, who acts. The last one is the quota's (section 4.3)."""

    rule: str
    who_acts: Actor

    def __new__(cls, code: str, rule: str, who_acts: Actor) -> Self:
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.rule = rule
        reason.who_acts = who_acts
        return reason

    NOT_IN_POST = "not_in_post", "R1", Actor.EMPLOYER
    DS_FILE_MISSING = "ds_file_missing", "R3", Actor.EMPLOYER
    CONTRACT_NOT_UPLOADED = "contract_not_uploaded", "R4", Actor.EMPLOYER
    RECRUITMENT_NOT_VALIDATED = "recruitment_not_validated", "R5", Actor.EMPLOYER
    RENEWAL_NOT_VALIDATED = "renewal_not_validated", "R5", Actor.EMPLOYER
    INITIAL_TRAINING_ALREADY_FUNDED = "initial_training_already_funded", "R11", Actor.NOBODY
    INITIAL_TRAINING_NOT_STARTED = "initial_training_not_started", "R18", Actor.ADVISER
    CCP1_NOT_OBTAINED = "ccp1_not_obtained", "R32", Actor.ADVISER
    EMPLOYER_AGREEMENT_MISSING = "employer_agreement_missing", "R33", Actor.EMPLOYER
    ACCREDITATION_MISSING = "accreditation_missing", "R28", Actor.EMPLOYER
    MODULE_NOT_AVAILABLE_YET = "module_not_available_yet", "R24", Actor.TRAINING_ORGANISATION
    MODULE_NO_LONGER_AVAILABLE = "module_no_longer_available", "R35", Actor.NOBODY
    TERRITORY_NOT_COVERED = "territory_not_covered", "R15", Actor.ADVISER
    OUTSIDE_SCHEME = "outside_scheme", "R29", Actor.NOBODY
    MODULE_QUOTA_EXCEEDED = "module_quota_exceeded", "R25", Actor.ADVISER

    @property
    def is_regularisable(self) -> bool:
        """Whether somebody can put it right."""
        return self.who_acts is not Actor.NOBODY


class Absence(StrEnum):
    """Why no contract covers the first day: the detail of `not_in_post`."""

    NO_CONTRACT = "no_contract"
    CONTRACT_NOT_STARTED = "contract_not_started"
    CONTRACT_ENDED = "contract_ended"
    CONTRACT_TERMINATED = "contract_terminated"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason with the facts behind it: the contract it read, the day that decides. Never a sentence."""

    code: Reason
    detail: Absence | None = None
    contract_id: ContractId | None = None
    day: date | None = None

    def without_last_day(self) -> "Refusal":
        """As a training organisation sees it: not when a contract ended that covers none of its sessions."""
        return replace(self, day=None) if self.code is Reason.NOT_IN_POST else self
