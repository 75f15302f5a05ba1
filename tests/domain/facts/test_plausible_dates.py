from dataclasses import replace
from datetime import date

import pytest

from app.domain.facts.plausible_dates import check_fact, check_first_day
from app.domain.facts.policy import Policies, Requests
from app.domain.statement_errors import ImplausibleDate
from tests.domain_builders import POLICIES, a_policy, day

TODAY = day("2026-06-15")


@pytest.mark.parametrize("on", [None, day("2020-01-01"), day("2026-06-14"), TODAY])
def test_a_fact_is_of_today_at_the_latest(on: date | None) -> None:
    check_fact("/on", on, TODAY)


def test_a_fact_of_tomorrow_cannot_be() -> None:
    with pytest.raises(ImplausibleDate) as raised:
        check_fact("/taken_on", day("2026-06-16"), TODAY)

    assert (raised.value.pointer, raised.value.latest, raised.value.is_fact) == ("/taken_on", TODAY, True)


@pytest.mark.parametrize("first_day", ["2020-01-01", "2026-06-15", "2029-06-15"])
def test_a_session_starts_until_the_last_day_that_can_be_asked_for(first_day: str) -> None:
    check_first_day("/session/starts_on", day(first_day), POLICIES, TODAY)


def test_a_session_that_starts_later_cannot_be_asked_for() -> None:
    with pytest.raises(ImplausibleDate) as raised:
        check_first_day("/session/starts_on", day("2029-06-16"), POLICIES, TODAY)

    actual = raised.value
    assert (actual.pointer, actual.latest, actual.is_fact) == ("/session/starts_on", day("2029-06-15"), False)


def test_the_months_are_those_of_the_policy_in_force_today() -> None:
    shorter = replace(a_policy(effective_from=day("2026-06-15")), requests=Requests(months_ahead=12))
    policies = Policies((a_policy(), shorter))

    check_first_day("/x", day("2028-06-14"), policies, day("2026-06-14"))
    with pytest.raises(ImplausibleDate) as raised:
        check_first_day("/x", day("2028-06-14"), policies, TODAY)

    assert raised.value.latest == day("2027-06-15")
