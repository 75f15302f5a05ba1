"""SQL for what an e-mail tells of a published session: as it is, as it was before it moved, what was done of it.

Of a delivery `d`, its event `o` and its registration `r`, which may be null.
"""

from app.persistence.registrations.registrations import SEAT, SEAT_PLACE

SESSION_TOLD = "CASE o.subject_type WHEN 'session' THEN o.subject_id ELSE (o.data ->> 'session_id')::uuid END"

# Whether a former e-mail to the same recipient had the days of the session in a calendar file.
_IS_IN_CALENDAR = """EXISTS (SELECT FROM delivery c
    WHERE c.registration_id = d.registration_id AND c.recipient = d.recipient AND c.id < d.id
        AND (c.type = 'session.confirmed' OR (c.type IN ('registration.seat_given', 'session.moved')
            AND c.created_at >= x.confirmed_at)))"""
# Newest first: what it was before each move.
_FORMER = """(SELECT json_agg(f.former ORDER BY f.id DESC) FROM session_deed f
    WHERE f.session_id = x.id AND f.former IS NOT NULL AND f.requested_at <= o.occurred_at)"""
# What the deed that the event sums up has made of each registration, as its own event told; of what was cancelled
# instead of moved, why. By the index of the adviser's events.
_OUTCOMES = """CASE WHEN o.subject_type = 'session' THEN (SELECT json_agg(told) FROM (
    SELECT e.data ->> 'status' AS status, e.data ->> 'seat' AS seat, count(*) AS number
    FROM session_deed f JOIN session_deed_target t ON t.deed_id = f.id JOIN registration n ON n.id = t.registration_id
    JOIN outbox e ON e.adviser_id = n.adviser_id AND e.subject_id = n.id AND e.occurred_at = t.done_at
        AND e.sequenced_at IS NOT NULL
        AND (e.type = o.type OR e.data ->> 'cancelled_because' = 'duplicate_registration')
    WHERE f.session_id = x.id AND f.finished_at = o.occurred_at GROUP BY 1, 2) told) END"""

PUBLISHED_SESSION = f"""(SELECT json_build_object('id', x.id, 'reference', x.reference, 'starts_on', x.starts_on,
        'ends_on', x.ends_on, 'hours', x.hours, 'format', x.format, 'place_name', x.place_name,
        'place_address', x.place_address, 'place_department', x.place_department, 'link', x.link,
        'version', x.version, 'updated_at', x.updated_at, 'confirmed_at', x.confirmed_at,
        'cancelled_at', x.cancelled_at, 'cancellation_motive', x.cancellation_motive,
        'seat', {SEAT}, 'seat_place', {SEAT_PLACE}, 'is_in_calendar', {_IS_IN_CALENDAR},
        'former', {_FORMER}, 'outcomes', {_OUTCOMES})::text
    FROM session x WHERE x.id = {SESSION_TOLD})"""
