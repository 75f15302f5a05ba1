"""Every code that a client reads has its words, and every problem its place in the catalogue."""

import ast
import re

import pytest

from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.conflicts.conflict_problems import conflict_problem
from app.api.http.problems.conflicts.transition_messages import TRANSITION_MESSAGES
from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.domain.errors import Conflict
from app.domain.events import EventType
from app.domain.facts.registration_terms import Status
from app.wording.decision_summaries import STATUS_LABELS
from app.wording.languages import Language
from app.wording.refusal_labels import refusal_label
from app.wording.refusal_remedies import how_to_fix
from tests.house.source_files import MODULES, TREES


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_worded_with_a_way_to_put_it_right(reason: Reason, language: Language) -> None:
    sentences = (sentence(Refusal(reason)).in_language(language) for sentence in (refusal_label, how_to_fix))

    assert all(sentence.endswith(".") and len(sentence) > 20 for sentence in sentences)
    assert re.fullmatch(r"R\d+", reason.rule)


def test_every_absence_is_worded_differently() -> None:
    assert len({refusal_label(Refusal(Reason.NOT_IN_POST, detail)) for detail in Absence}) == len(Absence)


def test_every_status_is_worded() -> None:
    assert set(STATUS_LABELS) == set(Status)


def test_every_event_is_named_for_its_subject_and_created_somewhere() -> None:
    created = {
        match for tree in TREES.values() for item in ast.walk(tree) if isinstance(item, ast.Attribute)
        for match in [item.attr] if ast.unparse(item.value) == "EventType"
    }  # fmt: skip

    assert all(
        re.fullmatch(
            r"(registration|certification|entitlement|initial_training|support_request|adviser|session)\.[a-z_]+", item
        )
        for item in EventType
    )
    assert created == {item.name for item in EventType}


def test_every_move_that_a_status_forbids_is_worded() -> None:
    domain = "".join(path.read_text() for name, path in MODULES.items() if name.startswith("app/domain/"))
    moves = set(re.findall(r'check_transition\("([a-z-]+)"', domain))

    assert moves == set(TRANSITION_MESSAGES)


@pytest.mark.parametrize("kind", Conflict.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_conflict_has_a_problem_of_its_own(kind: type[Conflict]) -> None:
    problems = "".join(path.read_text() for name, path in MODULES.items() if name.startswith("app/api/http/problems/"))
    matched = re.findall(r"case (\w+)\(\)", problems)

    assert kind.__name__ in matched
    with pytest.raises(Conflict):
        conflict_problem(Conflict(), "")


def test_every_problem_raised_is_in_the_catalogue_that_clients_can_read() -> None:
    raised = {
        node.args[0].value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Problem"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }

    assert raised <= set(PROBLEM_TYPES)
