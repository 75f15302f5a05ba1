"""How long what is forgotten by age is kept: the worker forgets it then, and the register says so."""

from datetime import timedelta

RESPONSES_RETENTION = timedelta(hours=72)
EVENTS_RETENTION = timedelta(days=90)
DELIVERIES_RETENTION = timedelta(days=90)
IMPORTS_RETENTION = timedelta(days=7)  # the lines that were rejected are what somebody typed about people
AUDIT_LOG_RETENTION = timedelta(days=365)  # migration 0008 keeps everybody from forgetting a line sooner

EVIDENCE_RETENTION = "tant que la dépense publique se justifie ; sans identité après {years} ans d’inactivité"

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST_IN_HOURS = timedelta(days=7)


def duration_in_french(duration: timedelta) -> str:
    """In French."""
    if duration == AUDIT_LOG_RETENTION:
        return "1 an"
    return f"{duration // DAY} jours" if duration >= LONGEST_IN_HOURS else f"{duration // HOUR} heures"
