"""The sign-in sheet of a session (feuille d’émargement), to print: one page a day, in one file that needs no other."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from app.api.http.bodies.json_responses import PRIVATE_NO_CACHE
from app.api.http.bodies.template_rendering import template_environment
from app.api.http.language_negotiation import language_headers
from app.domain.facts.registration_terms import Seat
from app.persistence.engine.driver_types import Row
from app.wording.calendars.session_calendars import FORMAT_WORDS, days_of, place_of
from app.wording.calendars.session_days import SessionDay, format_hours
from app.wording.dates import format_weekday
from app.wording.languages import Language

_TEMPLATES = template_environment("app.api.sessions")
_STYLE = (files("app.api.sessions") / "templates" / "sign_in_sheet.css").read_text("utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
# Nothing but its own style: kept as a file, it says so itself.
CSP = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def sign_in_sheet(session: Row, module: str, organisation: str, lines: Sequence[Mapping[str, Any]]) -> Response:
    """Of those of the roster's `lines` who have a seat. `session` is a row of sessions."""
    text = _TEMPLATES.get_template("sign_in_sheet.html").render(
        csp=CSP,
        style=Markup(_STYLE),  # noqa: S704  # our own
        module=module,
        organisation=organisation,
        reference=session["reference"],
        place=place_of(session) or session["link"] or FORMAT_WORDS[session["format"]].capitalize(),
        is_cancelled=session["cancelled_at"] is not None,
        days=[_day(day) for day in days_of(session)],
        people=[_person(line) for line in lines if line["seat"] and line["seat"]["status"] == Seat.SEATED],
    )
    headers = {
        "Content-Security-Policy": f"{CSP}; frame-ancestors 'none'",
        "Cache-Control": PRIVATE_NO_CACHE,
        **language_headers(Language.FRENCH),
    }
    return HTMLResponse(text, headers=headers)


def _day(day: SessionDay) -> dict[str, Any]:
    halves = [("Matin", day.has_morning), ("Après-midi", day.has_afternoon)]
    return {
        "title": format_weekday(day.on).capitalize(),
        "hours": format_hours(day.periods),
        "halves": [name for name, is_held in halves if is_held],
    }


def _person(line: Mapping[str, Any]) -> dict[str, str]:
    employer = line["employer"]
    names = " ".join(filter(None, (line["last_name"], line["first_name"])))
    return {"name": names or "Identité effacée", "employer": employer["name"] if employer is not None else ""}
