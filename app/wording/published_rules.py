"""The rules as people are told them, each with the published text it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass

HELP = "https://aide.conseiller-numerique.gouv.fr/fr"


@dataclass(frozen=True, slots=True)
class PublishedText:
    """`name` with the date it shows, when it shows one; `address` is where it is read."""

    name: str
    address: str


REFUSALS_ARTICLE = PublishedText(
    "« Pour quels motifs l’inscription d’un conseiller numérique peut-elle être refusée ? » "
    "(aide en ligne, 1er juillet 2024)",
    f"{HELP}/article/pour-quels-motifs-linscription-dun-conseiller-numerique-peut-elle-etre-refusee-g8dxvb",
)
MODULES_ARTICLE = PublishedText(
    "« Combien de modules thématiques peut ou doit suivre un conseiller numérique ? » "
    "(aide en ligne, 19 décembre 2024)",
    f"{HELP}/article/combien-de-modules-thematiques-peut-ou-doit-suivre-un-conseiller-numerique-167v0qe",
)
PATH_ARTICLE = PublishedText(
    "« Comment s’organise le parcours de formation ? Selon quelles modalités ? » (aide en ligne, 3 mai 2023)",
    f"{HELP}/article/comment-sorganise-le-parcours-de-formation-selon-quelles-modalites-1fe4va3",
)
PURPOSE_ARTICLE = PublishedText(
    "« Quels sont les objectifs de la formation obligatoire des Conseillers numériques France Services ? » "
    "(aide en ligne)",
    f"{HELP}/category/la-formation-des-conseillers-numeriques-objectifs-et-modalite-dorganisation-1dj9ogr",
)
EXAMS_ARTICLE = PublishedText(
    "« Quelles sont les deux certifications visées par la formation ? » (aide en ligne)",
    f"{HELP}/article/quelles-sont-les-deux-certifications-visees-par-la-formation-1fh1gis",
)
ABSENCES_ARTICLE = PublishedText(
    "« Que se passe-t-il en cas d’absence aux formations obligatoires, de non-présentation ou d’échec aux examens ? » "
    "(aide en ligne)",
    f"{HELP}/article/que-se-passe-t-il-en-cas-de-non-presentation-ou-dechec-aux-examens-de-certification-1f1xm5l",
)
TRAINING_PAGE = PublishedText(
    "la page « Formation » du site conseiller-numerique.gouv.fr", "https://conseiller-numerique.gouv.fr/formation"
)


@dataclass(frozen=True, slots=True)
class PublishedRule:
    """`sentence` is what the rule says; `text` is the published text that it comes from."""

    text: PublishedText
    sentence: str


RULES = {
    "R1": PublishedRule(
        REFUSALS_ARTICLE,
        "Seuls les conseillers numériques en poste au premier jour de la session peuvent rejoindre une formation "
        "financée par le dispositif.",
    ),
    "R3": PublishedRule(
        REFUSALS_ARTICLE, "La structure employeuse doit avoir créé un dossier sur Démarches simplifiées."
    ),
    "R4": PublishedRule(
        REFUSALS_ARTICLE,
        "Le contrat de travail à jour doit être déposé dans la messagerie du dossier Démarches simplifiées.",
    ),
    "R5": PublishedRule(
        REFUSALS_ARTICLE,
        "La structure employeuse doit avoir validé le recrutement, ou le renouvellement, sur son Tableau de pilotage.",
    ),
    "R6": PublishedRule(
        REFUSALS_ARTICLE,
        "Une fois la situation administrative régularisée, c’est au conseiller de le signaler à son organisme de "
        "formation.",
    ),
    "R10": PublishedRule(
        PURPOSE_ARTICLE, "La formation initiale est obligatoire pour tout conseiller numérique, sauf dispense."
    ),
    "R11": PublishedRule(
        REFUSALS_ARTICLE,
        "Le dispositif ne finance qu’un seul parcours de formation initiale par conseiller numérique.",
    ),
    "R12": PublishedRule(
        PATH_ARTICLE,
        "Le test de positionnement détermine le volume d’heures de la formation initiale. Le conseiller et sa "
        "structure reçoivent ce résultat, qui est souverain.",
    ),
    "R15": PublishedRule(
        MODULES_ARTICLE,
        "La formation initiale se suit avec l’organisme du territoire : La Fabrik en Hexagone, Francil’In en "
        "outre-mer.",
    ),
    "R17": PublishedRule(
        ABSENCES_ARTICLE,
        "Toute absence à une journée de formation doit être justifiée par le conseiller et sa structure, auprès "
        "du support du dispositif.",
    ),
    "R18": PublishedRule(
        MODULES_ARTICLE,
        "Un module thématique se suit après être entré en formation initiale, ou en avoir été dispensé.",
    ),
    "R19": PublishedRule(MODULES_ARTICLE, "Le suivi des modules thématiques est obligatoire."),
    "R20": PublishedRule(
        MODULES_ARTICLE,
        "Dans l’année qui suit son entrée en formation initiale, un conseiller admis à compter de 2024 suit deux "
        "modules thématiques, financés par l’État.",
    ),
    "R21": PublishedRule(
        MODULES_ARTICLE,
        "Une fois passée l’année qui suit son entrée en formation initiale, le conseiller suit un module "
        "thématique par année civile, financé par l’État.",
    ),
    "R22": PublishedRule(
        MODULES_ARTICLE,
        "Pour les conseillers dispensés de formation initiale, ou qui l’ont suivie avant 2024, l’État finance un "
        "module thématique par année civile.",
    ),
    "R24": PublishedRule(
        MODULES_ARTICLE,
        "Un module se suit à compter de son ouverture. Le module Café IA, ouvert en 2025, s’ajoute aux modules "
        "obligatoires et reste financé par l’État.",
    ),
    "R25": PublishedRule(
        MODULES_ARTICLE,
        "Les conseillers numériques peuvent dépasser leur quota de modules thématiques, mais aucun module "
        "supplémentaire n’est pris en charge par le dispositif.",
    ),
    "R26": PublishedRule(
        REFUSALS_ARTICLE,
        "Le conseiller qui dépasse son quota choisit de maintenir le module sans prise en charge, ou de l’annuler.",
    ),
    "R27": PublishedRule(
        MODULES_ARTICLE,
        "Les droits d’un conseiller qui justifie de n’avoir pu suivre tous ses modules peuvent être conservés, et"
        " reconduits l’année suivante.",
    ),
    "R28": PublishedRule(
        TRAINING_PAGE,
        "Le module Aidants Connect demande que la structure employeuse ait l’habilitation Aidants Connect.",
    ),
    "R29": PublishedRule(
        TRAINING_PAGE,
        "Les médiateurs numériques hors du dispositif peuvent suivre les modules thématiques, sans prise en charge.",
    ),
    "R32": PublishedRule(
        REFUSALS_ARTICLE,
        "Le premier certificat de compétences professionnelles (CCP1) doit être obtenu avant de préparer les deux"
        " suivants (CCP2 et CCP3).",
    ),
    "R33": PublishedRule(
        TRAINING_PAGE,
        "La préparation du titre complet est facultative, et se fait en accord avec la structure employeuse.",
    ),
    "R35": PublishedRule(
        TRAINING_PAGE,
        "Une formation qui n’est plus proposée n’est plus financée ; c’est le cas de la préparation du titre "
        "complet depuis le 21 octobre 2025.",
    ),
    "R36": PublishedRule(
        EXAMS_ARTICLE,
        "Le CCP1 et la certification Pix se présentent à l’issue de la formation initiale, sauf dispense.",
    ),
    "R37": PublishedRule(
        EXAMS_ARTICLE,
        "Le CCP1 et la certification Pix se présentent dans un délai compté depuis la fin de la formation initiale.",
    ),
    "R39": PublishedRule(
        ABSENCES_ARTICLE, "Après une absence justifiée à un examen, une nouvelle date peut être proposée."
    ),
    "R40": PublishedRule(
        ABSENCES_ARTICLE,
        "Après une absence non justifiée à un examen, un nouveau passage est possible, à la charge de la "
        "structure employeuse.",
    ),
    "R41": PublishedRule(
        ABSENCES_ARTICLE,
        "Après un échec à un examen, un nouveau passage est possible par l’intermédiaire de l’organisme de "
        "formation, à la charge de la structure employeuse.",
    ),
}


def rule_sentences(rules: Iterable[str]) -> list[str]:
    """A sentence for each of these rules (R1 to R44). Raise KeyError for one that decides nothing."""
    return [RULES[rule].sentence for rule in rules]


def published_texts(rules: Iterable[str]) -> list[PublishedText]:
    """The published texts behind these rules, each once."""
    return list(dict.fromkeys(RULES[rule].text for rule in rules))
