"""Which scopes credentials may be given: those of their role that whoever makes them has, too."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.persistence.administration.client_role import Role
from app.use_cases.errors import ScopesBeyondGrantor, ScopesBeyondRole


@dataclass(frozen=True, slots=True)
class GrantableScopes:
    """`by_role` are all the scopes of each role; `grantor` those of whoever makes the credentials. None: a person on
    the machine itself, who may grant anything."""

    by_role: Mapping[Role, AbstractSet[str]]
    grantor: AbstractSet[str] | None = None

    def check(self, role: Role, scopes: Sequence[str] | None = None) -> None:
        """`scopes` None: all those of the role. Raise ScopesBeyondRole, ScopesBeyondGrantor."""
        possible = self.by_role[role]
        wanted = possible if scopes is None else {*scopes}
        if not possible >= wanted:
            raise ScopesBeyondRole(possible)
        if self.grantor is not None and not self.grantor >= wanted:
            raise ScopesBeyondGrantor(wanted - self.grantor)
