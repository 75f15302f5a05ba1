"""One operation's example."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Example:
    """`parameters` by name; `bodies` by a summary in French, the first of which the documentation page fills in.
    `other_bodies` are those of the other media types that the operation takes."""

    parameters: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    bodies: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    other_bodies: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict[str, Mapping[str, JsonValue]])
