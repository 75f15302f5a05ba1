"""The columns of the contracts of a scenario, and the identifiers of the demonstration."""

from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from app.domain.facts.contract import ContractType
from app.seed.scenarios.scenario import DayText, Filed, Person, Post, Terminated, parse_day

KNOWN_AHEAD = timedelta(days=7)
UPLOADED_AHEAD = timedelta(days=9)
FIRST_TIMESTAMP_MS = 1_700_000_000_000  # 2023-11-14 in milliseconds


def stable_id(person: Person, *parts: object) -> UUID:
    """The same each time the demonstration is loaded."""
    return uuid5(NAMESPACE_URL, ":".join(("urn:inscriptions:demonstration", *map(str, (person.conum_id, *parts)))))


def stable_ordered_id(person: Person, what: str, number: int) -> UUID:
    """A UUIDv7 that sorts before those of real use, and is the same each time the demonstration is loaded."""
    drawn = stable_id(person, what, number).int % (1 << 76)  # all but the instant and the version
    return UUID(int=(FIRST_TIMESTAMP_MS + person.conum_id * 100 + number) << 80 | 7 << 76 | drawn)


def known_on(post: Post, today: date) -> date:
    return parse_day(post.known, today) if post.known else parse_day(post.starts, today) - KNOWN_AHEAD


def _optional_day(day: DayText | None, today: date) -> date | None:
    return parse_day(day, today) if day else None


def _ds_file_number(person: Person, post: Post) -> str:
    return f"{person.conum_id}{person.posts.index(post)}"


def _administrative_file_columns(person: Person, post: Post, today: date) -> dict[str, Any]:
    """Complete, and done by the day that the contract is known."""
    starts_on, known = parse_day(post.starts, today), known_on(post, today)
    return {
        "ds_file_number": _ds_file_number(person, post),
        "contract_uploaded_on": min(starts_on - UPLOADED_AHEAD, known),
        "validated_on": min(starts_on - KNOWN_AHEAD, known),
    }


def contract_columns(person: Person, post: Post, today: date) -> dict[str, Any]:
    """As the platform first records it."""
    number, starts_on, employer = person.posts.index(post), parse_day(post.starts, today), post.employer
    return {
        "adviser_id": stable_id(person),
        "type": post.type or (ContractType.CDD if post.ends else ContractType.CDI),
        "starts_on": starts_on,
        "ends_on": _optional_day(post.ends, today),
        "terminated_on": None,
        "termination_motive": None,
        "renews_contract_id": stable_id(person, number - 1) if post.renews else None,
        "employer_siret": employer.siret,
        "employer_name": employer.name,
        "employer_legal_form": employer.legal_form,
        "employer_department": employer.department,
        "employer_contact_email": f"contact-{employer.siret}@example.org",
        "employer_aidants_connect_accredited": employer.accredited,
        **_administrative_file_columns(person, post, today),
        **dict.fromkeys(post.missing),
    }


def changed_columns(person: Person, post: Post, change: Filed | Terminated, today: date) -> dict[str, Any]:
    """The columns that the change gives new values."""
    if isinstance(change, Terminated):
        return {"terminated_on": parse_day(change.last_day, today), "termination_motive": change.motive}
    number, done_on = _ds_file_number(person, post), parse_day(change.on, today)
    return {name: number if name == "ds_file_number" else done_on for name in post.missing}
