"""How long what is forgotten by age is kept: the worker forgets it then, and the register says so."""

from datetime import timedelta

ANSWERS = timedelta(hours=72)
EVENTS = timedelta(days=90)
DELIVERIES = timedelta(days=90)
IMPORTS = timedelta(days=7)  # the lines that were rejected are what somebody typed about people
AUDIT_LOG = timedelta(days=365)  # migration 0008 keeps everybody from forgetting a line sooner

KEPT_AS_EVIDENCE = "tant que la dépense publique se justifie ; sans identité après {years} ans d’inactivité"

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_IN_HOURS = timedelta(days=7)


def said(duration: timedelta) -> str:
    """In French."""
    if duration == AUDIT_LOG:
        return "1 an"
    return f"{duration // DAY} jours" if duration >= LONG_IN_HOURS else f"{duration // HOUR} heures"
