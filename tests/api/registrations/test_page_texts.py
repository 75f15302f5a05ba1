"""A registration on a page, written by PostgreSQL, is byte for byte the one that is read alone, written by Python."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import cycle, product
from typing import Any, get_type_hints, is_typeddict
from uuid import UUID, uuid4

import orjson
import pytest

from app.api.http.bodies.json_responses import to_json
from app.api.registrations.decision_words import put_words_in
from app.api.registrations.registration_resources import RegistrationResource, registration_resource
from app.domain.decisions.admission import Outcome
from app.domain.decisions.refusals import Absence, Reason
from app.domain.facts.registration_terms import Funding, Payer, Status
from app.persistence.engine.database import Database
from app.persistence.engine.pagination import PageQuery
from app.persistence.registrations import registration_texts, registrations
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.wording.languages import Language
from tests.live_server import LiveServer

BASE_URL = "https://inscriptions.example"
PLACES = (
    None,
    "",
    "Rennes",
    'L’Île-d’Yeu "aux Bois" \\ 1er étage / </script>',
    "a\x01b\x1f\x08\x0c\n\r\t\x7f|\x01",
    "東京 🚲 \u2028 é",
    '"',
    "\\",
)
INSTANTS = ("2026-01-31 08:30:00", "2026-01-31 08:30:00.5", "2026-02-28 23:59:59.000001", "2026-12-31 00:00:00.120000")
FUNDED = (
    (Funding.STATE, Payer.STATE, "civil_year:2026#1"),
    (Funding.STATE, Payer.STATE, "first_year#2"),
    (Funding.STATE, Payer.STATE, "carry_over:civil_year:2025#1"),
    (Funding.STATE, Payer.STATE, "supplementary:cafe-ia#1"),
    (Funding.STATE, Payer.STATE, None),
    *((Funding.NONE, payer, None) for payer in (Payer.EMPLOYER, Payer.OPCO, Payer.SELF)),
    (None, None, None),
)
ADVISERS = tuple(UUID(int=number) for number in range(len(FUNDED)))
FORMATS = ("in_person", "remote")
OFFERED = ((), tuple(Payer), (Payer.SELF,))
POSITIONING = ((None, None), ("2026-03-02", 105), ("2026-03-02", None), ("2026-03-02", 0))
CANCELLED_ON = (None, "2026-04-01")
RULES = ((), ("R22",), ("R1", "R3", "R25"))
WAIVED = ((), (Reason.DS_FILE_MISSING,), tuple(Reason))

GERMAN_DAYS = """DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET datestyle = ''German''', current_database());
END $$"""
ADD_ADVISER = """INSERT INTO adviser (id, in_scheme, version, created_at, updated_at)
VALUES ($1, true, 1, now(), now())"""
ADD = """WITH registrations AS (
    INSERT INTO registration SELECT * FROM json_populate_record(NULL::registration, $1::json)
) INSERT INTO decision SELECT * FROM json_populate_record(NULL::decision, $2::json)"""


def _refusals(number: int) -> list[dict[str, Any]]:
    """Of none to all of the reasons, with and without details."""
    refused: list[dict[str, Any]] = [
        {"code": code, "detail": None, "contract_id": None, "day": None}
        for code in [*Reason][: number % (len(Reason) + 1)]
    ]
    if refused and number % 2:
        refused[0] |= {"detail": [*Absence][number % 4], "contract_id": uuid4(), "day": "2026-05-31"}
    return refused


def _rows() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Registrations with their decisions: each status with each funding, and everything else in turn. An adviser has
    one of each status, whose sessions share a day with those before and after, with a funding of its own."""
    places, instants, offered, positioning = cycle(PLACES), cycle(INSTANTS), cycle(OFFERED), cycle(POSITIONING)
    for number, (status, (funding, payer, unit)) in enumerate(product(Status, FUNDED)):
        registration, decision, place = uuid4(), uuid4(), number // len(FUNDED)
        adviser = ADVISERS[(number + place) % len(FUNDED)]
        first_day = date(2026, 5, 13) + timedelta(days=place)
        taken_on, hours = next(positioning)
        outcome = [*Outcome][number % len(Outcome)]
        yield (
            {
                "id": registration, "adviser_id": adviser, "module_code": "handicap",
                "training_organisation_id": LA_MEDNUM if number % 3 else HISTYA, "session_starts_on": first_day,
                "session_ends_on": first_day + timedelta(days=2), "session_format": FORMATS[number % 2],
                "session_place": next(places), "session_reference": next(places), "requested_on": "2026-04-01",
                "employer_agreement": bool(number % 2), "status": status, "funding": funding, "payer": payer,
                "unit": unit, "offered_payers": next(offered), "decision_id": decision,
                "cancelled_on": CANCELLED_ON[number % 2], "positioning_taken_on": taken_on, "positioning_hours": hours,
                "notified_on": CANCELLED_ON[number % 2], "derogated": not number % 5, "agreed_funding": None,
                "agreed_payer": None, "absence_counts": not number % 7, "attendance_corrected": not number % 4,
                "version": number + 1, "created_at": next(instants), "updated_at": next(instants),
            },
            {
                "id": decision, "registration_id": registration, "adviser_id": adviser, "cause": "request",
                "outcome": outcome, "reasons": _refusals(number) if outcome is Outcome.REFUSED else [],
                "rules": RULES[number % 3], "funding": funding, "unit": unit, "policy_version": "2021-01-01",
                "rules_version": 1 + number % 2, "waived": WAIVED[number % 3],
                "facts": {}, "automatic": bool(number % 3), "decided_by": uuid4(), "decided_at": next(instants),
            },
        )  # fmt: skip


@pytest.fixture
async def stored(database: Database, owner: Database) -> Database:
    """A database with registrations of every kind, on a server that writes days in another way than JSON."""
    await owner.one(GERMAN_DAYS)
    for adviser in ADVISERS:
        await owner.one(ADD_ADVISER, adviser)
    for registration, decision in _rows():
        texts = (orjson.dumps(row, default=str).decode() for row in (registration, decision))
        await owner.one(ADD, *texts)
    return database


@pytest.mark.parametrize("organisation", [None, LA_MEDNUM])
@pytest.mark.parametrize("with_messages", [False, True])
async def test_each_registration_of_a_page_is_the_one_that_is_read_alone(
    stored: Database, organisation: UUID | None, *, with_messages: bool
) -> None:
    reader = stored.for_tenant(organisation)

    page = await registration_texts.list_page(reader, PageQuery(limit=500), BASE_URL, with_messages=with_messages)

    assert len(page.texts) == len(page.subjects)
    assert len(page.texts) > len(FUNDED) * 3
    assert {text.count('"overlaps"') for text in page.texts} >= ({0, 1, 2} if organisation is None else {0, 1})
    for language in Language:
        for text, subject in zip(page.texts, page.subjects, strict=True):
            shown = put_words_in(text, language, organisation)
            row = await registrations.read(reader, UUID(orjson.loads(shown)["id"]), owner=organisation)
            assert row is not None
            alone = registration_resource(row, BASE_URL, language, organisation, with_messages=with_messages)
            assert shown == to_json(alone).decode()
            assert subject == str(row["adviser_id"])


@pytest.mark.parametrize("role", ["platform", "admin", "training_organisation"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_is_what_is_read_alone_between_commas(
    served_demonstration: LiveServer, role: str, language: str
) -> None:
    with served_demonstration.client(role) as client:
        client.headers["Accept-Language"] = language
        page = client.get("/v1/registrations", params={"limit": 12})
        alone = [client.get(f"/v1/registrations/{line['id']}").content for line in page.json()["data"]]

    after = orjson.dumps({"pagination": page.json()["pagination"]})[1:]
    assert page.content == b'{"data":[' + b",".join(alone) + b"]," + after
    assert len(alone) == 12


def _field_names(resource: Any) -> dict[str, Any]:
    """The fields of a resource in their order, each with those of its own."""
    hints = get_type_hints(resource)
    return {name: _field_names(hint) if is_typeddict(hint) else None for name, hint in hints.items()}


def _names(document: Any, described: Mapping[str, Any]) -> Any:
    return {
        name: _names(value, described[name]) if described[name] is not None else None
        for name, value in document.items()
    }


async def test_the_fields_are_those_of_the_resource_in_its_order(stored: Database) -> None:
    described = _field_names(RegistrationResource)
    page = await registration_texts.list_page(stored, PageQuery(limit=1), BASE_URL, with_messages=True)

    shown = orjson.loads(put_words_in(page.texts[0], Language.FRENCH, None))

    assert orjson.dumps(_names(shown, described)) == orjson.dumps(described)
