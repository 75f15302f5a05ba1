"""JSON merge patch (RFC 7396) of a resource, as the body of its PUT."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.api.http.problems.problem_details import Problem
from app.api.http.problems.validation_problems import validation_problem
from app.wording.languages import Sentence

Model = TypeVar("Model", bound=BaseModel)


def apply_merge_patch(present: Any, patch: Any) -> Any:
    """Null removes, objects merge, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged: dict[str, Any] = dict(present) if isinstance(present, Mapping) else {}  # pyright: ignore[reportUnknownArgumentType]  # JSON
    for name, value in patch.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
        key = str(name)  # pyright: ignore[reportUnknownArgumentType]  # JSON
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = apply_merge_patch(merged.get(key), value)
    return merged


def patched_body(model: type[Model], present: Mapping[str, Any], patch: Mapping[str, Any]) -> Model:
    """The body that a PUT of the patched resource would have. Raise Problem when it is not valid."""
    known = {name: present[name] for name in model.model_fields if name in present}
    try:
        return model.model_validate(apply_merge_patch(known, patch))
    except RecursionError:
        detail = Sentence(fr="Le corps est trop profondément imbriqué.", en="The body is nested too deeply.")
        raise Problem("malformed-json", detail) from None
    except ValidationError as problem:
        raise validation_problem(problem.errors()) from None
