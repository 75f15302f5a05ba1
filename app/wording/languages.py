"""The two languages of responses. Every sentence has both; codes do not depend on them."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    FRENCH = "fr"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence for people, in each language."""

    fr: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.fr if language is Language.FRENCH else self.en
