"""The civil date of an instant."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def civil_date(now: datetime) -> date:
    """The day it is in Paris at `now`, an aware instant."""
    return now.astimezone(PARIS).date()
