"""A page of registrations as the JSON that a client is sent, written by PostgreSQL; only words are left to be put in.

The fields are those of `RegistrationResource`, in its order: a test compares the two, over all that there can be.
"""

from app.persistence.engine.pagination import Filter, PageQuery, PageTexts, TextSource
from app.persistence.engine.readers import Reader
from app.persistence.engine.reads.json_templates import (
    Template,
    any_or_null,
    array,
    boolean,
    day,
    instant,
    json_object,
    place_for_words,
    text,
    text_or_null,
    to_sql,
    value,
)
from app.persistence.registrations.registrations import OVERLAPPING, SEAT, SEAT_PLACE

BASE_URL = "$1::text"
ENTITLEMENT = "split_part(r.unit, '#', 1)"

_SESSION = {
    "starts_on": day("r.session_starts_on"),
    "ends_on": day("r.session_ends_on"),
    "format": text("r.session_format"),
    "place": any_or_null("r.session_place"),
    "reference": any_or_null("r.session_reference"),
}
# Its reasons and its summary are worded in Python, from these four.
_DECISION = {
    "id": text("r.decision_id"),
    "outcome": text("d.outcome"),
    "automatic": boolean("d.automatic"),
    "decided_at": instant("d.decided_at"),
    "policy_version": text("d.policy_version"),
    "rules_version": value("d.rules_version"),
    "rules": array("d.rules"),
    "waived": array("d.waived"),
}
_WORDS = place_for_words("d.outcome", "r.funding", ENTITLEMENT, "d.reasons")
_CHOICES = """CASE WHEN r.status = 'awaiting_choice' AND cardinality(r.offered_payers) > 0
    THEN concat('[{"choice":"keep","payers":', array_to_json(r.offered_payers), '},{"choice":"cancel"}]')
    ELSE '[]' END"""
_WARNINGS = f"""coalesce((SELECT string_agg('{{"code":"overlaps","registration_id":"' || o.id || '"}}', ','
    ORDER BY o.created_at, o.id) FROM registration o WHERE {OVERLAPPING}), '')"""
_SEAT = f"""CASE WHEN r.session_id IS NOT NULL
    THEN coalesce('{{"status":"' || {SEAT} || '","place":' || coalesce(({SEAT_PLACE})::text, 'null') || '}}', 'null')
    ELSE 'null' END"""
_POSITIONING_TEST = """CASE WHEN r.positioning_hours > 0
    THEN concat('{"taken_on":', to_json(r.positioning_taken_on), ',"hours":', r.positioning_hours, '}')
    ELSE 'null' END"""
_SELF = f"{value(BASE_URL)}/v1/registrations/{value('r.id')}"
_LINKS = {"self": f'"{_SELF}"', "decisions": f'"{_SELF}/decisions"'}
_MESSAGES = {"messages": f'"{value(BASE_URL)}/v1/messages?registration_id={value("r.id")}"'}


def _resource(*, with_messages: bool) -> Template:
    fields = {
        "id": text("r.id"),
        "adviser_id": text("r.adviser_id"),
        "module_code": text("r.module_code"),
        "training_organisation_id": text("r.training_organisation_id"),
        "session_id": text_or_null("r.session_id"),
        "session": json_object(_SESSION),
        "requested_on": day("r.requested_on"),
        "employer_agreement": boolean("r.employer_agreement"),
        "status": text("r.status"),
        "funding": text_or_null("r.funding"),
        "payer": text_or_null("r.payer"),
        "entitlement": text_or_null(ENTITLEMENT),
        "decision": json_object(_DECISION, _WORDS),
        "seat": value(_SEAT),
        "choices": value(_CHOICES),
        "warnings": f"[{value(_WARNINGS)}]",
        "positioning_test": value(_POSITIONING_TEST),
        "cancelled_on": any_or_null("r.cancelled_on"),
        "version": value("r.version"),
        "created_at": instant("r.created_at"),
        "updated_at": instant("r.updated_at"),
        "links": json_object(_LINKS | _MESSAGES if with_messages else _LINKS),
    }
    return json_object(fields)


def _source(*, with_messages: bool) -> TextSource:
    """LATERAL and LIMIT keep the planner to the keys: a plan for any limit would join the whole table of decisions."""
    return TextSource(
        table="registration",
        alias="r",
        joined="CROSS JOIN LATERAL (SELECT * FROM decision WHERE id = r.decision_id LIMIT 1) d",
        text=to_sql(_resource(with_messages=with_messages)),
        subject="r.adviser_id",
    )


# Found from the registration or, when few have the reason, from the decision: by its index of reasons and their keys.
# One equality joins them: of two, the planner would think that they nearly never hold together.
_HAS_REASON = """EXISTS (SELECT FROM decision d
    WHERE d.registration_id = {t}.id AND NOT d.id IS DISTINCT FROM {t}.decision_id
    AND d.reasons::text <> '[]' AND d.reasons::jsonb @> jsonb_build_array(jsonb_build_object('code', {}::text)))"""

_SOURCES = {with_messages: _source(with_messages=with_messages) for with_messages in (False, True)}


async def list_page(reader: Reader, page: PageQuery, base_url: str, *, with_messages: bool) -> PageTexts:
    """The links begin with `base_url`; `with_messages` adds the one to the e-mails of each registration."""
    return await page.fetch_texts(reader, _SOURCES[with_messages], base_url)


def reason_filter(code: str) -> Filter:
    """Those whose latest decision has this reason."""
    return Filter(_HAS_REASON, code)
