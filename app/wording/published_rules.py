"""The rules as people are told them, each with the published text that it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass

REFUSALS = (
    "« Pour quels motifs l’inscription d’un conseiller numérique peut-elle être refusée ? » "
    "(aide en ligne, 1er juillet 2024)"
)
MODULES = (
    "« Combien de modules thématiques peut ou doit suivre un conseiller numérique ? » (aide en ligne, 19 décembre 2024)"
)
PATH = "« Comment s’organise le parcours de formation ? Selon quelles modalités ? » (aide en ligne, 3 mai 2023)"
PURPOSE = (
    "« Quels sont les objectifs de la formation obligatoire des Conseillers numériques France Services ? » "
    "(aide en ligne)"
)
EXAMS = "« Quelles sont les certifications visées par la formation ? » (aide en ligne)"
ABSENCES = (
    "« Que se passe-t-il en cas d’absence aux formations obligatoires, de non-présentation ou d’échec aux examens ? » "
    "(aide en ligne)"
)
SITE = "la page « Formation » du site conseiller-numerique.gouv.fr"


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence, and the published text that says it."""

    text: str
    sentence: str


RULES = {
    "R1": Rule(
        REFUSALS,
        "Seuls les conseillers numériques en poste au premier jour de la session peuvent rejoindre une formation "
        "financée par le dispositif.",
    ),
    "R3": Rule(REFUSALS, "La structure employeuse doit avoir créé un dossier sur Démarches simplifiées."),
    "R4": Rule(
        REFUSALS,
        "Le contrat de travail à jour doit être déposé dans la messagerie du dossier Démarches simplifiées.",
    ),
    "R5": Rule(
        REFUSALS,
        "La structure employeuse doit avoir validé le recrutement, ou le renouvellement, sur son Tableau de pilotage.",
    ),
    "R6": Rule(
        REFUSALS,
        "Une fois la situation administrative régularisée, c’est au conseiller de le signaler à son organisme de "
        "formation.",
    ),
    "R10": Rule(PURPOSE, "La formation initiale est obligatoire pour tout conseiller numérique, sauf dispense."),
    "R11": Rule(
        REFUSALS,
        "Le dispositif ne finance qu’un seul parcours de formation initiale par conseiller numérique.",
    ),
    "R12": Rule(
        PATH,
        "Le test de positionnement détermine le volume d’heures de la formation initiale. Le conseiller et sa "
        "structure reçoivent ce résultat, qui est souverain.",
    ),
    "R15": Rule(
        MODULES,
        "La formation initiale se suit avec l’organisme du territoire : La Fabrik en Hexagone, Francil’In en "
        "outre-mer.",
    ),
    "R17": Rule(
        ABSENCES,
        "Toute absence à une journée de formation doit être justifiée par le conseiller et sa structure, auprès "
        "du support du dispositif.",
    ),
    "R18": Rule(
        MODULES,
        "Un module thématique se suit après être entré en formation initiale, ou en avoir été dispensé.",
    ),
    "R19": Rule(MODULES, "Le suivi des modules thématiques est obligatoire."),
    "R20": Rule(
        MODULES,
        "Dans l’année qui suit son entrée en formation initiale, un conseiller admis à compter de 2024 suit deux "
        "modules thématiques, financés par l’État.",
    ),
    "R21": Rule(
        MODULES,
        "Une fois passée l’année qui suit son entrée en formation initiale, le conseiller suit un module "
        "thématique par année civile, financé par l’État.",
    ),
    "R22": Rule(
        MODULES,
        "Pour les conseillers dispensés de formation initiale, ou qui l’ont suivie avant 2024, l’État finance un "
        "module thématique par année civile.",
    ),
    "R24": Rule(
        MODULES,
        "Un module se suit à compter de son ouverture. Le module Café IA, ouvert en 2025, s’ajoute aux modules "
        "obligatoires et reste financé par l’État.",
    ),
    "R25": Rule(
        MODULES,
        "Les conseillers numériques peuvent dépasser leur quota de modules thématiques, mais aucun module "
        "supplémentaire n’est pris en charge par le dispositif.",
    ),
    "R26": Rule(
        REFUSALS,
        "Le conseiller qui dépasse son quota choisit de maintenir le module sans prise en charge, ou de l’annuler.",
    ),
    "R27": Rule(
        MODULES,
        "Les droits d’un conseiller qui justifie de n’avoir pu suivre tous ses modules peuvent être conservés, et"
        " reconduits l’année suivante.",
    ),
    "R28": Rule(
        SITE,
        "Le module Aidants Connect demande que la structure employeuse ait l’habilitation Aidants Connect.",
    ),
    "R29": Rule(
        SITE,
        "Les médiateurs numériques hors du dispositif peuvent suivre les modules thématiques, sans prise en charge.",
    ),
    "R32": Rule(
        REFUSALS,
        "Le premier certificat de compétences professionnelles (CCP1) doit être obtenu avant de préparer les deux"
        " suivants (CCP2 et CCP3).",
    ),
    "R33": Rule(
        SITE,
        "La préparation du titre complet est facultative, et se fait en accord avec la structure employeuse.",
    ),
    "R35": Rule(
        SITE,
        "Une formation qui n’est plus proposée n’est plus financée ; c’est le cas de la préparation du titre "
        "complet depuis le 21 octobre 2025.",
    ),
    "R36": Rule(
        EXAMS,
        "Le CCP1 et la certification Pix se présentent à l’issue de la formation initiale, sauf dispense.",
    ),
    "R37": Rule(
        EXAMS,
        "Le CCP1 et la certification Pix se présentent dans un délai compté depuis la fin de la formation initiale.",
    ),
    "R39": Rule(ABSENCES, "Après une absence justifiée à un examen, une nouvelle date peut être proposée."),
    "R40": Rule(
        ABSENCES,
        "Après une absence non justifiée à un examen, un nouveau passage est possible, à la charge de la "
        "structure employeuse.",
    ),
    "R41": Rule(
        ABSENCES,
        "Après un échec à un examen, un nouveau passage est possible par l’intermédiaire de l’organisme de "
        "formation, à la charge de la structure employeuse.",
    ),
}


def rules_said(rules: Iterable[str]) -> list[str]:
    """A sentence for each of these rules (R1 to R44). Raise KeyError for one that decides nothing."""
    return [RULES[rule].sentence for rule in rules]


def texts_of(rules: Iterable[str]) -> list[str]:
    """The published texts behind these rules, each once."""
    return list(dict.fromkeys(RULES[rule].text for rule in rules))
