"""The adviser that a line is about: by identifier, else by ID Conum, else by an e-mail that one adviser alone has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.imports.files.cell_content import fold_text
from app.imports.lines.line_parsing import Line, line_rejected
from app.imports.lines.person_columns import PERSON_COLUMNS
from app.persistence.advisers.advisers import lock_named, lock_named_by_an_organisation
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row

_PERSON_COLUMN_NAMES = {column.name for column in PERSON_COLUMNS}

NO_PERSON_NAMED = "La ligne ne nomme personne : il faut un ID Conum, un identifiant ou une adresse électronique."
SEVERAL_PEOPLE = "Plusieurs conseillers ont cette adresse : donnez l’ID Conum."
ANOTHER_NAME = (
    "Le conseiller qui a cette adresse porte un autre nom, et une adresse ne suffit pas à dire qui est une personne : "
    "donnez l’ID Conum."
)
ANOTHER_NAME_NOW_NUMBERED = (
    "Le conseiller qui a cette adresse porte un autre nom, et n’a pas d’ID Conum : si c’est lui, corrigez le nom ; "
    "sinon, donnez-lui d’abord son ID Conum."
)
NOT_BY_ADDRESS = "Un organisme de formation nomme un conseiller par son ID Conum ou son identifiant, sans son adresse."
UNKNOWN_CONUM_ID = "Aucun conseiller n’a cet ID Conum."
UNKNOWN_ADVISER = "Aucun conseiller n’a cet identifiant."
# Whether there is none, or one whom it may not see.
UNKNOWN_CONUM_ID_TO_AN_ORGANISATION = "Aucun conseiller de votre périmètre n’a cet ID Conum."
UNKNOWN_TO_AN_ORGANISATION = "Aucun conseiller de votre périmètre n’a cet identifiant et cet ID Conum."


@dataclass(frozen=True, slots=True)
class PersonReference:
    """A person as a line names them; `column` is the one that `id` comes from."""

    id: UUID | None
    conum_id: int | None
    email: str | None
    column: str
    first_name: str | None = None
    last_name: str | None = None

    @classmethod
    def from_values(cls, values: Mapping[str, Any], column: str) -> "PersonReference":
        address = (values.get("email") or "").lower() or None
        names = values.get("first_name"), values.get("last_name")
        return cls(values.get(column), values.get("conum_id"), address, column, *names)

    @property
    def matching_keys(self) -> tuple[str, ...]:
        """Lines that share a key may be about one person."""
        return tuple(
            f"{kind}:{key}" for kind, key in zip("ice", (self.id, self.conum_id, self.email), strict=True) if key
        )


def values_beside_person(line: Line) -> dict[str, Any]:
    """The values of a line but those of PERSON_COLUMNS."""
    return {name: value for name, value in line.values.items() if name not in _PERSON_COLUMN_NAMES}


class KnownAdvisers:
    """The advisers that some lines name, their rows locked, and those that the lines add.

    For a training organisation, as when it writes one by one: whoever has an id may be named by it; by anything else,
    only whom it may see. It is never told that somebody else exists.
    """

    def __init__(self, rows: Iterable[Row], organisation: UUID | None = None) -> None:
        self._is_for_an_organisation = organisation is not None
        self._rows: dict[UUID, Row] = {}
        self._of_conum_id: dict[int, UUID] = {}
        self._of_email: dict[str, set[UUID]] = {}
        for row in rows:
            self.add(row)

    @classmethod
    async def lock(
        cls, transaction: Transaction, references: Sequence[PersonReference], organisation: UUID | None = None
    ) -> "KnownAdvisers":
        """`organisation` is the training organisation that names them, None for the others."""
        ids = {reference.id for reference in references if reference.id}
        conum_ids = {reference.conum_id for reference in references if reference.conum_id}
        if organisation is not None:
            rows = await lock_named_by_an_organisation(transaction, ids, conum_ids, organisation)
            return cls(rows, organisation)
        emails = {reference.email for reference in references if reference.email}
        return cls(await lock_named(transaction, ids, conum_ids, emails))

    @property
    def ids(self) -> list[UUID]:
        return [*self._rows]

    def add(self, row: Row) -> None:
        """Add a row, or replace its former state."""
        self._rows[row["id"]] = row
        if self._is_for_an_organisation and not row["is_visible"]:
            return
        if row["conum_id"] is not None:
            self._of_conum_id[row["conum_id"]] = row["id"]
        if row["email"]:
            self._of_email.setdefault(row["email"].lower(), set()).add(row["id"])

    def with_id(self, adviser: UUID | None) -> Row | None:
        return self._rows.get(adviser) if adviser is not None else None

    def with_conum_id(self, conum_id: int | None) -> Row | None:
        found = self.with_id(self._of_conum_id.get(conum_id)) if conum_id is not None else None
        return found if found is not None and found["conum_id"] == conum_id else None

    def with_email(self, email: str | None) -> list[Row]:
        found = (self._rows[adviser] for adviser in self._of_email.get(email or "", ()))
        return [row for row in found if row["email"].lower() == email]

    def find(self, line: Line) -> Row:
        """The adviser that a line names in PERSON_COLUMNS. Raise LineRejected."""
        reference = PersonReference.from_values(line.values, "adviser_id")
        if reference.id is not None or reference.conum_id is not None:
            return self._find_by_id(reference)
        if reference.email is None:
            raise line_rejected(NO_PERSON_NAMED)
        if self._is_for_an_organisation:
            raise line_rejected(NOT_BY_ADDRESS, "email")
        found = self.with_email(reference.email)
        if len(found) != 1:
            raise line_rejected(SEVERAL_PEOPLE if found else "Aucun conseiller n’a cette adresse.", "email")
        _check_same_name(found[0], reference)
        return found[0]

    def _find_by_id(self, reference: PersonReference) -> Row:
        if reference.id is None:
            found = self.with_conum_id(reference.conum_id)
            if found is None:
                unknown = UNKNOWN_CONUM_ID_TO_AN_ORGANISATION if self._is_for_an_organisation else UNKNOWN_CONUM_ID
                raise line_rejected(unknown, "conum_id")
            return found
        found = self.with_id(reference.id)
        if self._is_for_an_organisation and reference.conum_id is not None and not (found and found["is_visible"]):
            raise line_rejected(UNKNOWN_TO_AN_ORGANISATION, reference.column)
        if found is None:
            raise line_rejected(UNKNOWN_ADVISER, reference.column)
        _check_not_anonymised(found, reference)
        if reference.conum_id is not None and found["conum_id"] != reference.conum_id:
            raise line_rejected("Ce n’est pas l’ID Conum du conseiller qui a cet identifiant.", "conum_id")
        return found

    def find_or_new(self, reference: PersonReference) -> Row | None:
        """The adviser of this name, None for a new one. Raise LineRejected when it may be another person."""
        found = self.with_conum_id(reference.conum_id) or self.with_id(reference.id)
        if found is not None:
            _check_not_anonymised(found, reference)
            _check_same(found, reference)
            return found
        return self._find_by_email(reference)

    def _find_by_email(self, reference: PersonReference) -> Row | None:
        """Several advisers may share an address when their ID Conum differ, as the API allows. Raise LineRejected."""
        if reference.email is None:
            if reference.id is None and reference.conum_id is None:
                raise line_rejected(NO_PERSON_NAMED)
            return None
        same_email = self.with_email(reference.email)
        found = [row for row in same_email if reference.conum_id is None or row["conum_id"] is None]
        if len(found) > 1:
            raise line_rejected(SEVERAL_PEOPLE, "email")
        if not found:
            return None
        if reference.id is not None:
            raise line_rejected("Un autre conseiller a déjà cette adresse : est-ce la même personne ?", "email")
        _check_same_name(found[0], reference)
        return found[0]


def _check_not_anonymised(found: Row, reference: PersonReference) -> None:
    """Raise LineRejected."""
    if found["anonymised_at"] is not None:
        raise line_rejected("Ce conseiller a été anonymisé : plus rien ne peut lui être rattaché.", reference.column)


def _check_same(found: Row, reference: PersonReference) -> None:
    """Raise LineRejected."""
    if reference.id is not None and found["id"] != reference.id:
        raise line_rejected("Un autre conseiller porte cet ID Conum.", "conum_id")
    if reference.conum_id is not None and found["conum_id"] not in {None, reference.conum_id}:
        raise line_rejected("Le conseiller qui a cet identifiant porte un autre ID Conum.", "conum_id")


def _check_same_name(found: Row, reference: PersonReference) -> None:
    """For an adviser found by an address alone. Raise LineRejected."""
    names = {"first_name": reference.first_name, "last_name": reference.last_name}
    if any(name and found[column] and fold_text(name) != fold_text(found[column]) for column, name in names.items()):
        raise line_rejected(ANOTHER_NAME if reference.conum_id is None else ANOTHER_NAME_NOW_NUMBERED, "email")
