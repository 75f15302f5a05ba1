"""A support request is answered or withdrawn once, within a number of days that the policy gives (section 5bis)."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.errors import InvalidTransition
from app.domain.facts.policy import Policies, Support
from app.domain.facts.support_request import (
    SupportRequest,
    SupportRequestKind,
    SupportRequestStatus,
    answer_due_on,
)
from tests.domain_builders import POLICY

OPEN = SupportRequest(SupportRequestKind.JUSTIFICATION, SupportRequestStatus.OPEN)
CLOSED = [SupportRequestStatus.GRANTED, SupportRequestStatus.REJECTED, SupportRequestStatus.WITHDRAWN]


@pytest.mark.parametrize(("granted", "status"), [(True, "granted"), (False, "rejected")])
def test_an_open_one_is_granted_or_rejected(status: str, *, granted: bool) -> None:
    assert OPEN.answered(granted=granted) == replace(OPEN, status=SupportRequestStatus(status))


def test_an_open_one_is_withdrawn() -> None:
    assert OPEN.withdrawn() == replace(OPEN, status=SupportRequestStatus.WITHDRAWN)


@pytest.mark.parametrize("status", CLOSED)
def test_one_that_is_not_open_is_not_answered(status: SupportRequestStatus) -> None:
    with pytest.raises(InvalidTransition) as refused:
        replace(OPEN, status=status).answered(granted=True)

    assert (refused.value.move, refused.value.status) == ("answer", status)


@pytest.mark.parametrize("status", CLOSED)
def test_nor_withdrawn(status: SupportRequestStatus) -> None:
    with pytest.raises(InvalidTransition) as refused:
        replace(OPEN, status=status).withdrawn()

    assert (refused.value.move, refused.value.status) == ("withdrawal", status)


def test_the_deadline_is_that_of_the_policy_of_the_day_of_opening() -> None:
    later = replace(POLICY, effective_from=date(2026, 7, 1), support=Support(answer_days=10))
    policies = Policies((replace(POLICY, support=Support(answer_days=60)), later))

    assert answer_due_on(date(2026, 6, 15), policies) == date(2026, 8, 14)
    assert answer_due_on(date(2026, 7, 1), policies) == date(2026, 7, 11)
