"""The two languages that answers speak. A code never changes with them; a sentence has both or does not exist."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    FRENCH = "fr"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One thing to say to a person, in each language."""

    fr: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.fr if language is Language.FRENCH else self.en
