"""The adviser's post on a day: under contract, and the employer's file in order (reasons 1 to 5 of section 3).

Source of the rules: the help article of 01/07/2024 on refusals, first part.
"""

from dataclasses import dataclass
from datetime import date

from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.domain.facts.contract import Contract, LegalForm, covering_contract


@dataclass(frozen=True, slots=True)
class PostOnDay:
    """`contract` is the one that covers `day`, None when none does; without it there is no file to read."""

    contracts: tuple[Contract, ...]
    day: date
    contract: Contract | None

    @property
    def is_private(self) -> bool:
        return self.contract is not None and self.contract.legal_form is LegalForm.PRIVATE


def post_on(contracts: tuple[Contract, ...], day: date) -> PostOnDay:
    return PostOnDay(contracts, day, covering_contract(contracts, day))


def not_in_post(post: PostOnDay) -> Refusal | None:
    """R1: only an adviser in post on the session's first day follows a funded training (R2: that day only)."""
    if post.contract is not None:
        return None
    begun = [contract for contract in post.contracts if contract.starts_on <= post.day]
    if not post.contracts:
        return Refusal(Reason.NOT_IN_POST, Absence.NO_CONTRACT)
    if not begun:
        return Refusal(Reason.NOT_IN_POST, Absence.CONTRACT_NOT_STARTED)
    last = max(begun, key=lambda contract: (contract.last_day, contract.starts_on, contract.id))
    detail = Absence.CONTRACT_TERMINATED if last.was_terminated else Absence.CONTRACT_ENDED
    return Refusal(Reason.NOT_IN_POST, detail, last.id, last.last_day)


def ds_file_missing(post: PostOnDay) -> Refusal | None:
    """R3: the employer opened a file on Démarches simplifiées."""
    contract = post.contract
    if contract is None or contract.file.ds_filed:
        return None
    return Refusal(Reason.DS_FILE_MISSING, contract_id=contract.id)


def contract_not_uploaded(post: PostOnDay) -> Refusal | None:
    """R4: the up-to-date contract was uploaded to the messages of that file."""
    contract = post.contract
    if contract is None or contract.file.contract_uploaded_on is not None:
        return None
    return Refusal(Reason.CONTRACT_NOT_UPLOADED, contract_id=contract.id)


def recruitment_not_validated(post: PostOnDay) -> Refusal | None:
    """R5: the recruitment is validated on the Tableau de pilotage."""
    contract = post.contract
    if contract is None or contract.file.validated_on is not None or contract.renews_contract_id is not None:
        return None
    return Refusal(Reason.RECRUITMENT_NOT_VALIDATED, contract_id=contract.id)


def renewal_not_validated(post: PostOnDay) -> Refusal | None:
    """R5: the renewal is validated on the Tableau de pilotage."""
    contract = post.contract
    if contract is None or contract.file.validated_on is not None or contract.renews_contract_id is None:
        return None
    return Refusal(Reason.RENEWAL_NOT_VALIDATED, contract_id=contract.id)


POST_RULES = (
    not_in_post,
    ds_file_missing,
    contract_not_uploaded,
    recruitment_not_validated,
    renewal_not_validated,
)


def post_refusals(post: PostOnDay) -> tuple[Refusal, ...]:
    """Every reason of the post and its file, in order."""
    return tuple(refusal for rule in POST_RULES if (refusal := rule(post)))
