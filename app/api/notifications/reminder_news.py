"""What the events of reminders say: exams to present, rights to use, an initial training to begin."""

from datetime import date
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.fields.field_types import BucketName, Count, ModuleCodeText, RuleName
from app.domain.facts.certification import NextAttemptPayer
from app.domain.record.reminders import Stage

MAX_EXAMS = 10  # two today: CCP1 and Pix


class DueExam(TypedDict):
    """Un examen à présenter, et qui paie cette présentation."""

    qualification: ModuleCodeText
    next_attempt_payer: NextAttemptPayer


class DueNews(TypedDict):
    """Des examens à présenter : l’échéance approche (`before`), ou elle est là (`deadline`)."""

    exams: Annotated[list[DueExam], Field(max_length=MAX_EXAMS)]
    due_on: date
    stage: Stage


class ExpiringNews(TypedDict):
    """Un droit qui sera bientôt perdu, et les unités qui y restent libres."""

    bucket: BucketName
    units: Count
    expires_on: date
    rule: RuleName


class InitialTrainingNews(TypedDict):
    """La formation initiale est due, par un conseiller en poste depuis le jour `since` : à commencer au plus tard le
    jour `due_on`, null quand la politique n’en fixe aucun ; en retard une fois ce jour passé."""

    since: date
    due_on: date | None
    is_late: bool
