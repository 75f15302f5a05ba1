"""The plan of a route, from the framework's own description of it (`Dependant`), made when the application starts.

Whatever no plan knows (forms, lists, cookies, what is made anew for each request) has none: such a route is answered in
the framework's way.
"""

import inspect
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.params import Body, Form, Param
from fastapi.routing import APIRoute
from starlette.responses import Response

from app.api.http.plans.request_plan import PlannedArgument, RequestPlan

_SINGLE_VALUES = (str, int, float, UUID, date, Enum, NoneType)  # what one text of a request is read as
# What an endpoint or a dependency may ask for, beside values and the request itself.
_UNKNOWN_TO_PLANS = (
    "cookie_params",
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "concurrency",
)


class _UnplannedError(Exception):
    """A route asks for what no plan knows."""


def plan_of(route: APIRoute) -> RequestPlan | None:
    """None when the route asks for what no plan knows, or does not say that it gives a Response."""
    returned = inspect.signature(route.endpoint, eval_str=True).return_annotation
    if not (isinstance(returned, type) and issubclass(returned, Response)):
        return None
    calls = [dependant.call for dependant in _dependencies(route.dependant)]
    if len(set(calls)) < len(calls):  # the framework would call it once
        return None
    try:
        return _plan(route.dependant, takes_body=True)
    except _UnplannedError:
        return None


def _dependencies(dependant: Dependant) -> Iterator[Dependant]:
    for dependency in dependant.dependencies:
        yield dependency
        yield from _dependencies(dependency)


def _plan(dependant: Dependant, *, takes_body: bool = False) -> RequestPlan:
    """Raise _UnplannedError."""
    call = dependant.call
    if call is None or not (inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(type(call).__call__)):
        raise _UnplannedError
    if any(getattr(dependant, name) for name in _UNKNOWN_TO_PLANS):
        raise _UnplannedError
    if len(dependant.body_params) > takes_body:
        raise _UnplannedError
    return RequestPlan(
        call,
        dependant.name,
        tuple(map(_plan, dependant.dependencies)),
        tuple(map(_text_argument, dependant.path_params)),
        tuple(map(_text_argument, dependant.query_params)),
        tuple(map(_text_argument, dependant.header_params)),
        _body_argument(dependant.body_params[0]) if dependant.body_params else None,
        dependant.request_param_name,
    )


def _text_argument(field: ModelField) -> PlannedArgument:
    """Of the path, the query or the headers. Raise _UnplannedError."""
    information = field.field_info
    kinds = _kinds(information.annotation)
    if not isinstance(information, Param) or not all(
        isinstance(kind, type) and issubclass(kind, _SINGLE_VALUES) for kind in kinds
    ):
        raise _UnplannedError
    return _argument(field, (information.in_.value, field.alias))


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types of a union, without what is said of them."""
    if get_origin(annotation) is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _kinds(each)
    else:
        yield annotation


def _body_argument(field: ModelField) -> PlannedArgument:
    """Raise _UnplannedError."""
    information = field.field_info
    if not isinstance(information, Body) or isinstance(information, Form) or information.embed:
        raise _UnplannedError
    return _argument(field, ("body",))


def _argument(field: ModelField, location: tuple[str, ...]) -> PlannedArgument:
    """Raise _UnplannedError."""
    information, default = field.field_info, field.default
    has_other_names = information.validation_alias not in (None, field.alias) or field.config is not None
    is_made_each_time = information.validate_default or deepcopy(default) is not default
    if has_other_names or is_made_each_time or information.default_factory is not None:
        raise _UnplannedError
    return PlannedArgument(field, field.alias, location, information.is_required(), default)
