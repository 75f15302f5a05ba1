"""What a problem code means."""

from dataclasses import dataclass

from app.wording.languages import Sentence


@dataclass(frozen=True, slots=True)
class ProblemType:
    """`advice` is shown on the page of the code."""

    status: int
    title: Sentence
    advice: Sentence
