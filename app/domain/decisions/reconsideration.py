"""What a change of the file brings to the adviser's registrations: decided again, made regularisable (section 4.5)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from app.domain.decisions.admission import decide, offered_payers
from app.domain.decisions.admission_rules import refusals
from app.domain.decisions.decision_consequences import DecisionCascade, apply_decision
from app.domain.decisions.recorded_decisions import Cause, Facts, RecordedDecision
from app.domain.decisions.reopenings import EVERY_REASON, Reopening, reopening
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import RegistrationId, Status
from app.domain.rights.buckets import funded_rights

Opened = tuple[Registration, Reopening]
"""A registration decided again, and what is read again of it."""


def apply_consequences(
    changed: DecisionCascade,
    before: AdviserFile,
    *,
    today: date,
    day: date | None = None,
    apart_from: RegistrationId | None = None,
) -> DecisionCascade:
    """Decide again the registrations whose facts changed, but the one that the deed was about, and give freed units to
    those who wait. `before` is the file as it was; `day` the day of the deed, None: today."""
    opened, state = reopening(before, changed.file), changed
    if opened is not None:
        state = _decide_again(changed, before, opened, today, apart_from)
    frees_units = before.held_units - state.file.held_units or before.carry_overs != state.file.carry_overs
    return state.promote_waiting(day or today) if opened or frees_units else state


def decide_all_again(state: DecisionCascade, *, today: date) -> DecisionCascade:
    """As under other policies: every unit given back first, each decided in order of creation, on all its reasons."""
    opened = Reopening(Cause.FILE_CHANGED, EVERY_REASON)
    concerned = [(item, opened) for item in state.file.registrations if item.may_be_decided_again(today)]
    state = _decide_what_holds_no_unit(state, concerned)
    return _deal_units_anew(state, concerned).promote_waiting(today)


def _decide_again(
    changed: DecisionCascade, before: AdviserFile, opened: Reopening, today: date, apart_from: RegistrationId | None
) -> DecisionCascade:
    """The initial trainings first: what they become is read by the modules that depend on them. When neither a reason
    nor the rights change, nothing is dealt anew."""
    state = _offer_present_payers(changed)
    concerned = [
        item for item in state.file.registrations if item.id != apart_from and item.may_be_decided_again(today)
    ]
    state = _decide_what_holds_no_unit(state, _opened_for_each(concerned, before, state.policies, opened))
    opened = reopening(before, state.file) or opened
    modules = _opened_for_each(concerned, before, state.policies, opened)
    is_altered = any(_is_altered(state, before, *module) for module in modules if module[0].holds_a_unit_when_funded)
    return _deal_units_anew(state, modules) if is_altered else state


def _opened_for_each(
    concerned: Iterable[Registration], before: AdviserFile, policies: Policies, opened: Reopening
) -> list[Opened]:
    """Without the reasons that stood already before the change, which the catalogue or the policy gave it since."""
    found: list[Opened] = []
    for item in concerned:
        others, policy = before.without_registration(item.id), policies.on(item.first_day)
        stood = {refusal.code for refusal in refusals(others, item.request, policy)}
        found.append((item, replace(opened, reasons=opened.reasons - stood)))
    return found


def _offer_present_payers(state: DecisionCascade) -> DecisionCascade:
    """Those of the present employer (R25, R26), to whoever waits."""
    for item in state.file.registrations:
        if item.status is Status.AWAITING_CHOICE:
            state = state.with_registration(replace(item, offered_payers=offered_payers(state.file, item.request)))
    return state


def _decide_what_holds_no_unit(state: DecisionCascade, concerned: Iterable[Opened]) -> DecisionCascade:
    for item, opened in concerned:
        if not item.holds_a_unit_when_funded:
            state = _decide_one_again(state, item, opened)
    return state


def _is_altered(state: DecisionCascade, before: AdviserFile, item: Registration, opened: Reopening) -> bool:
    """Whether the change gives the registration a reason, or the adviser other rights."""
    policy, year = state.policies.on(item.first_day), item.first_day.year
    if refusals(state.file.without_registration(item.id), item.request, policy, opened.reasons):
        return True
    return funded_rights(before, policy, through=year) != funded_rights(state.file, policy, through=year)


def _deal_units_anew(state: DecisionCascade, concerned: Iterable[Opened]) -> DecisionCascade:
    """All units given back first; then each is decided in order of creation, whatever it held."""
    modules = [(item, opened) for item, opened in concerned if item.holds_a_unit_when_funded]
    for item, _ in modules:
        state = state.with_registration(replace(item, unit=None))
    for item, opened in modules:
        state = _decide_one_again(state, item, opened)
    return state


def _decide_one_again(state: DecisionCascade, item: Registration, opened: Reopening) -> DecisionCascade:
    """Recorded only when it changes something."""
    facts = Facts(state.file.without_registration(item.id), item.request, opened.in_order)
    decision = decide(facts.file, facts.request, state.policies.on(item.first_day), opened.reasons)
    if apply_decision(item, decision) == item:
        return state.with_registration(item)
    return state.with_decision(item, RecordedDecision(item.id, opened.cause, facts, decision))


def newly_regularisable(
    before: AdviserFile, after: AdviserFile, policies: Policies, *, today: date
) -> tuple[Registration, ...]:
    """The refused registrations that a change of the file left without any reason to refuse, their session not over:
    their adviser is told to give notice, as if on `today`. One that an active duplicate has replaced is left out."""
    found: list[Registration] = []
    for item in after.registrations:
        if item.status is not Status.REFUSED or item.request.session.ends_on < today:
            continue
        policy, request = policies.on(item.first_day), replace(item.request, notified_on=today)
        was_refused = refusals(before.without_registration(item.id), request, policy)
        if was_refused and not refusals(after, request, policy) and after.duplicate_of(item) is None:
            found.append(item)
    return tuple(found)
