"""The published texts that rules rest on, by the names under which people find them."""

from collections.abc import Iterable

REFUSALS = (
    "« Pour quels motifs l’inscription d’un conseiller numérique peut-elle être refusée ? » "
    "(aide en ligne, 1er juillet 2024)"
)
MODULES = (
    "« Combien de modules thématiques peut ou doit suivre un conseiller numérique ? » (aide en ligne, 19 décembre 2024)"
)
PATH = "« Comment s’organise le parcours de formation ? Selon quelles modalités ? » (aide en ligne, 3 mai 2023)"
ABSENCES = (
    "« Que se passe-t-il en cas d’absence aux formations obligatoires, de non-présentation ou d’échec aux examens ? » "
    "(aide en ligne)"
)
EXEMPTIONS = "« Un conseiller numérique peut-il être dispensé de la formation initiale obligatoire ? » (aide en ligne)"
SITE = "la page « Formation » du site conseiller-numerique.gouv.fr"

_ARTICLES: dict[str, frozenset[str]] = {
    REFUSALS: frozenset({"R1", "R2", "R3", "R4", "R5", "R6", "R11", "R26", "R32"}),
    MODULES: frozenset({"R18", "R19", "R20", "R21", "R22", "R23", "R24", "R25", "R27"}),
    PATH: frozenset({"R10", "R12"}),
    ABSENCES: frozenset({"R17", "R36", "R37", "R38", "R39", "R40", "R41"}),
    EXEMPTIONS: frozenset({"R14"}),
}


def articles_of(rules: Iterable[str]) -> list[str]:
    """The texts behind these rules (R1 to R44), each once; what no article says, the scheme's public site does."""
    asked = set(rules)
    found = [article for article, own in _ARTICLES.items() if own & asked]
    return [*found, SITE] if asked - frozenset().union(*_ARTICLES.values()) or not found else found
