"""Sentences of the training record: the consequence of an absence, where a lost certificate is replaced."""

from typing import assert_never

from app.domain.record.missed_sessions import Consequence
from app.wording.languages import Sentence

# Delivered in the name of the ministry of labour; the others come from a university, or from Pix.
STATE_QUALIFICATIONS = frozenset(
    {
        "remn",
        "remn-ccp1",
        "remn-ccp2",
        "remn-ccp3",
        "mediateur-numerique",
        "mediateur-numerique-ccp1",
        "conseiller-mediateur-numerique",
        "catic",
    }
)
# R43; the address of the list is the one that the help article gives.
DUPLICATE_REQUEST = Sentence(
    fr="En cas de perte, le duplicata se demande à la direction régionale de l’économie, de l’emploi, du travail et "
    "des solidarités (DREETS) de la région : https://www.economie.gouv.fr/dgccrf/coordonnees-des-DREETS-DRIEETS.",
    en="If it is lost, ask the region’s DREETS (the State’s regional directorate for labour) for a duplicate: "
    "https://www.economie.gouv.fr/dgccrf/coordonnees-des-DREETS-DRIEETS.",
)


def replacement_sentence(qualification: str) -> Sentence | None:
    """Where a lost certificate is replaced; None for one whose issuer the published texts do not name."""
    return DUPLICATE_REQUEST if qualification in STATE_QUALIFICATIONS else None


def consequence_sentence(consequence: Consequence) -> Sentence:
    """What an unjustified absence costs (R17)."""
    match consequence:
        case Consequence.RIGHT_CONSUMED:
            return Sentence(
                fr="Absence non justifiée : le droit financé reste consommé et le module ne compte pas comme suivi.",
                en="Unjustified absence: the funded right stays used and the module does not count as followed.",
            )
        case Consequence.INITIAL_TRAINING_NOT_ENTERED:
            return Sentence(
                fr="Absence non justifiée : le conseiller n’est pas entré en formation initiale ; les modules qui la "
                "supposent sont refusés jusqu’à une nouvelle entrée.",
                en="Unjustified absence: the adviser has not entered initial training; modules that depend on it are "
                "refused until a new entry.",
            )
        case Consequence.NOT_FOLLOWED:
            return Sentence(
                fr="Absence non justifiée : la formation ne compte pas comme suivie ; aucun droit n’est consommé.",
                en="Unjustified absence: the training does not count as followed; no right is used.",
            )
        case _:
            assert_never(consequence)
