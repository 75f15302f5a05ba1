"""What is wrong, for each reason of refusal."""

from datetime import date
from typing import assert_never

from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.wording.dates import format_day
from app.wording.languages import Sentence


def refusal_label(refusal: Refusal) -> Sentence:
    """One sentence, on one line."""
    match refusal.code:
        case Reason.NOT_IN_POST:
            return _not_in_post_label(refusal)
        case Reason.DS_FILE_MISSING:
            return Sentence(
                fr="Aucun dossier n’a été créé sur Démarches simplifiées pour ce contrat.",
                en="No file has been created on Démarches simplifiées for this contract.",
            )
        case Reason.CONTRACT_NOT_UPLOADED:
            return Sentence(
                fr="Contrat de travail à jour non déposé sur Démarches simplifiées.",
                en="Up-to-date employment contract not uploaded to Démarches simplifiées.",
            )
        case Reason.RECRUITMENT_NOT_VALIDATED:
            return Sentence(
                fr="Recrutement non validé sur le Tableau de pilotage.",
                en="Recruitment not validated on the Tableau de pilotage.",
            )
        case Reason.RENEWAL_NOT_VALIDATED:
            return Sentence(
                fr="Renouvellement du contrat non validé sur le Tableau de pilotage.",
                en="Contract renewal not validated on the Tableau de pilotage.",
            )
        case Reason.INITIAL_TRAINING_ALREADY_FUNDED:
            return Sentence(
                fr="Le conseiller a déjà bénéficié d’une formation initiale financée par le dispositif.",
                en="The adviser has already had an initial training funded by the scheme.",
            )
        case Reason.INITIAL_TRAINING_NOT_STARTED:
            return Sentence(
                fr="Formation initiale non débutée au premier jour de la session, et aucune dispense.",
                en="Initial training not started by the first day of the session, and no exemption.",
            )
        case Reason.CCP1_NOT_OBTAINED:
            return Sentence(
                fr="CCP1 non obtenu à la date de la demande.", en="CCP1 not obtained on the date of the request."
            )
        case Reason.EMPLOYER_AGREEMENT_MISSING:
            return Sentence(fr="Accord de la structure employeuse absent.", en="The employer’s agreement is missing.")
        case Reason.ACCREDITATION_MISSING:
            return Sentence(
                fr="La structure employeuse n’a pas l’habilitation Aidants Connect.",
                en="The employer does not have the Aidants Connect accreditation.",
            )
        case Reason.MODULE_NOT_AVAILABLE_YET:
            day = _opening_day(refusal)
            return Sentence(
                fr=f"Ce module n’est proposé qu’à compter du {day.fr}.",
                en=f"This module is available only from {day.en}.",
            )
        case Reason.MODULE_NO_LONGER_AVAILABLE:
            day = _opening_day(refusal)
            return Sentence(
                fr=f"Cette formation n’est plus proposée par le dispositif depuis le {day.fr}.",
                en=f"This training has not been offered by the scheme since {day.en}.",
            )
        case Reason.TERRITORY_NOT_COVERED:
            return Sentence(
                fr="Cet organisme n’assure pas la formation initiale dans le département du conseiller.",
                en="This training organisation does not deliver initial training in the adviser’s department.",
            )
        case Reason.OUTSIDE_SCHEME:
            return Sentence(
                fr="Professionnel hors dispositif : seuls les modules thématiques lui sont ouverts, sans prise en "
                "charge.",
                en="Professional outside the scheme: only thematic modules are open to them, without funding.",
            )
        case Reason.MODULE_QUOTA_EXCEEDED:
            return Sentence(
                fr="Quota de modules thématiques financés dépassé.", en="Quota of funded thematic modules exceeded."
            )
        case _:
            assert_never(refusal.code)


def _opening_day(refusal: Refusal) -> Sentence:
    unknown = Sentence(fr="jour fixé au catalogue", en="the day set in the catalogue")
    return format_day(refusal.day) if refusal.day else unknown


def _not_in_post_label(refusal: Refusal) -> Sentence:
    match refusal.detail:
        case Absence.CONTRACT_NOT_STARTED:
            return Sentence(
                fr="Conseiller pas encore en poste au premier jour de la session.",
                en="Adviser not yet in post on the first day of the session.",
            )
        case Absence.CONTRACT_ENDED:
            sentence = Sentence(
                fr="Contrat de travail arrivé à échéance avant le premier jour de la session.",
                en="Employment contract ended before the first day of the session.",
            )
            return _with_last_day(sentence, refusal.day)
        case Absence.CONTRACT_TERMINATED:
            sentence = Sentence(
                fr="Contrat de travail rompu avant le premier jour de la session.",
                en="Employment contract terminated before the first day of the session.",
            )
            return _with_last_day(sentence, refusal.day)
        case Absence.NO_CONTRACT | None:
            return Sentence(
                fr="Conseiller non en poste : aucun contrat de travail connu.",
                en="Adviser not in post: no known employment contract.",
            )
        case _:
            assert_never(refusal.detail)


def _with_last_day(sentence: Sentence, last: date | None) -> Sentence:
    """The sentence with the last day, when it is known."""
    if last is None:
        return sentence
    day = format_day(last)
    return Sentence(
        fr=f"{sentence.fr.removesuffix('.')} (dernier jour : {day.fr}).",
        en=f"{sentence.en.removesuffix('.')} (last day: {day.en}).",
    )
