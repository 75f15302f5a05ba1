"""The columns of a contract as its story tells it, and the identifiers of the demonstration."""

from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from app.domain.facts.contract import ContractType
from app.seed.scenario import Day, Filed, Person, Post, Terminated, day_of

KNOWN_BEFORE = timedelta(days=7)
UPLOADED_BEFORE = timedelta(days=9)
BEFORE_ALL = 1_700_000_000_000  # 2023-11-14 in milliseconds


def identity(person: Person, *parts: object) -> UUID:
    """The same at each loading."""
    return uuid5(NAMESPACE_URL, ":".join(("urn:inscriptions:demonstration", *map(str, (person.conum_id, *parts)))))


def identity_in_order(person: Person, what: str, number: int) -> UUID:
    """Of version 7 like the others of its kind and before them all, but the same at each loading."""
    drawn = identity(person, what, number).int % (1 << 76)  # all but the instant and the version
    return UUID(int=(BEFORE_ALL + person.conum_id * 100 + number) << 80 | 7 << 76 | drawn)


def known_on(post: Post, today: date) -> date:
    return day_of(post.known, today) if post.known else day_of(post.starts, today) - KNOWN_BEFORE


def _optional(day: Day | None, today: date) -> date | None:
    return day_of(day, today) if day else None


def _file(person: Person, number: int, starts_on: date) -> dict[str, Any]:
    return {
        "ds_file_number": f"{person.conum_id}{number}",
        "contract_uploaded_on": starts_on - UPLOADED_BEFORE,
        "validated_on": starts_on - KNOWN_BEFORE,
    }


def contract_columns(person: Person, post: Post, today: date) -> dict[str, Any]:
    """As the platform first states it."""
    number, starts_on, employer = person.posts.index(post), day_of(post.starts, today), post.employer
    return {
        "adviser_id": identity(person),
        "type": post.type or (ContractType.CDD if post.ends else ContractType.CDI),
        "starts_on": starts_on,
        "ends_on": _optional(post.ends, today),
        "terminated_on": None,
        "termination_motive": None,
        "renews_contract_id": identity(person, number - 1) if post.renews else None,
        "employer_siret": employer.siret,
        "employer_name": employer.name,
        "employer_legal_form": employer.legal_form,
        "employer_department": employer.department,
        "employer_contact_email": f"contact-{employer.siret}@example.org",
        "employer_aidants_connect_accredited": employer.accredited,
        **_file(person, number, starts_on),
        **dict.fromkeys(post.missing),
    }


def changes(person: Person, post: Post, change: Filed | Terminated, today: date) -> dict[str, Any]:
    """The columns that the change gives other values."""
    if isinstance(change, Terminated):
        return {"terminated_on": day_of(change.last_day, today), "termination_motive": change.motive}
    file = _file(person, person.posts.index(post), day_of(post.starts, today))
    return {name: file[name] if name == "ds_file_number" else day_of(change.on, today) for name in post.missing}
