"""The days that the page of statistics counts: those of a query, this month by default."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode

from app.api.http.fields.field_checks import CIVIL_DATE_PATTERN


def this_month(today: date) -> tuple[date, date]:
    return today.replace(day=1), today


def parse_period(query: Mapping[str, str], today: date) -> tuple[date, date] | None:
    """The first and the last day that the query asks for, this month when it asks for nothing; None when what it asks
    for is no period."""
    try:
        first, last = (
            date.fromisoformat(query[name]) if CIVIL_DATE_PATTERN.fullmatch(query[name]) else None
            for name in ("from", "to")
        )
    except KeyError:
        return this_month(today) if not query else None
    except ValueError:
        return None
    return (first, last) if first is not None and last is not None and first <= last else None


def period_query(first: date, last: date) -> str:
    return urlencode({"from": first.isoformat(), "to": last.isoformat()})


def period_shortcuts(today: date) -> dict[str, str]:
    """The query of each shortcut, by its name in French."""
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    before = month - timedelta(days=1)
    periods = {
        "Ce mois-ci": this_month(today),
        "Le mois dernier": (before.replace(day=1), before),
        "Cette année": (year, today),
        "L’année dernière": (year.replace(year=year.year - 1), year - timedelta(days=1)),
    }
    return {name: period_query(*days) for name, days in periods.items()}
