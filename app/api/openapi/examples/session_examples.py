"""The examples of sessions, in the order of the organisation's work: look, publish, change, hold."""

from collections.abc import Mapping

from pydantic import JsonValue

from app.api.openapi.examples.example import Example
from app.api.openapi.examples.example_bodies import (
    CAFE_IA_OF_YOUNA,
    CAFE_IA_OF_ZITA,
    LA_MEDNUM,
    OPEN_SESSION,
    SESSION_FULL,
    SESSION_TO_MOVE,
    SESSION_TO_RECORD,
)

WORKDAY: tuple[tuple[str, str], ...] = (("09:00", "12:30"), ("13:30", "17:00"))


def hours_of(*days: str) -> JsonValue:
    return [{"on": day, "from": begins, "until": ends} for day in days for begins, ends in WORKDAY]


def session_request(first: str, last: str, **others: JsonValue) -> JsonValue:
    return {
        "module_code": "parentalite-numerique",
        "training_organisation_id": LA_MEDNUM,
        "starts_on": first,
        "ends_on": last,
        "hours": hours_of(first, last),
        "format": "on_site",
        "place": {"name": "Salle de l’Exemple", "address": "1 rue de l’Exemple, 35000 Rennes", "department": "35"},
        "seats": {"minimum": 6, "maximum": 12},
        **others,
    }


SESSION_EXAMPLES: Mapping[str, Example] = {
    "listSessions": Example({"status": "open", "seats_left": 1, "limit": 2}),
    "getSessionsCalendar": Example({"module_code": "cafe-ia", "limit": 2}),
    "getSession": Example({"session_id": SESSION_FULL}),
    "getSessionCalendar": Example({"session_id": SESSION_FULL}),
    "getRoster": Example({"session_id": SESSION_FULL}),
    "publishSession": Example(
        bodies={
            "Deux jours, douze places": session_request(
                "2028-03-21", "2028-03-22", reference="PARENT-2028-03", registration_closes_on="2028-03-14"
            ),
            "À distance, sans limite": session_request(
                "2028-04-04", "2028-04-05", format="remote", place=None, link="https://visio.example/parent", seats={}
            ),
        }
    ),
    "putSession": Example(
        {"session_id": "9d3c5a10-7b42-4f6e-8c1d-2e5f7a9b3c64", "If-Match": "*"},
        {"Une session de votre agenda": session_request("2028-05-09", "2028-05-10", reference="PARENT-2028-05")},
    ),
    "patchSession": Example(
        {"session_id": SESSION_TO_MOVE, "If-Match": '"1"'},
        {
            "Autre jour, plus de places": {
                "starts_on": "2028-06-13",
                "ends_on": "2028-06-13",
                "hours": hours_of("2028-06-13"),
                "seats": {"minimum": 6, "maximum": 14},
            }
        },
    ),
    "confirmSession": Example({"session_id": OPEN_SESSION}),
    "cancelSession": Example({"session_id": SESSION_TO_MOVE}, {"Annuler": {"motive": "Formateur indisponible"}}),
    "recordSessionAttendance": Example(
        {"session_id": SESSION_TO_RECORD},
        {
            "Une suivie, une absence justifiée": {
                "data": [
                    {"registration_id": CAFE_IA_OF_YOUNA, "outcome": "completed"},
                    {
                        "registration_id": CAFE_IA_OF_ZITA,
                        "outcome": "absent_justified",
                        "motive": "medical_certificate",
                    },
                ]
            }
        },
    ),
}
