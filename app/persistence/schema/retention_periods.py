"""How long what is deleted by age is kept: the worker deletes it then, and the register of processing says so."""

from datetime import timedelta

RESPONSES_RETENTION = timedelta(hours=72)
EVENTS_RETENTION = timedelta(days=90)
DELIVERIES_RETENTION = timedelta(days=90)
IMPORTS_RETENTION = timedelta(days=7)  # rejected lines are free text about people
AUDIT_LOG_RETENTION = timedelta(days=365)  # migration 0008 keeps everybody from deleting an entry sooner

EVIDENCE_RETENTION = "tant que la dépense publique se justifie ; sans identité après {years} ans d’inactivité"

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST_IN_HOURS = timedelta(days=7)


def duration_in_french(duration: timedelta) -> str:
    """A whole number of days or hours in French, as in `72 heures`."""
    if duration == AUDIT_LOG_RETENTION:
        return "1 an"
    return f"{duration // DAY} jours" if duration >= LONGEST_IN_HOURS else f"{duration // HOUR} heures"
