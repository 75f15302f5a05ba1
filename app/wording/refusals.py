"""Each refusal in French: what is missing, and how to put it right."""

from datetime import date
from typing import assert_never

from app.domain.refusals import Absence, Reason, Refusal


def french_date(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def label(refusal: Refusal) -> str:
    """One line: what is wrong."""
    match refusal.code:
        case Reason.NOT_IN_POST:
            return _absence(refusal)
        case Reason.DS_FILE_MISSING:
            return "Aucun dossier n’a été créé sur Démarches simplifiées pour ce contrat."
        case Reason.CONTRACT_NOT_UPLOADED:
            return "Contrat de travail à jour non déposé sur Démarches simplifiées."
        case Reason.RECRUITMENT_NOT_VALIDATED:
            return "Recrutement non validé sur le Tableau de pilotage."
        case Reason.RENEWAL_NOT_VALIDATED:
            return "Renouvellement du contrat non validé sur le Tableau de pilotage."
        case Reason.INITIAL_TRAINING_ALREADY_FUNDED:
            return "Le conseiller a déjà bénéficié d’une formation initiale financée par le dispositif."
        case Reason.INITIAL_TRAINING_NOT_STARTED:
            return "Formation initiale non débutée au premier jour de la session, et aucune dispense."
        case Reason.CCP1_NOT_OBTAINED:
            return "CCP1 non obtenu à la date de la demande."
        case Reason.EMPLOYER_AGREEMENT_MISSING:
            return "Accord de la structure employeuse absent."
        case Reason.ACCREDITATION_MISSING:
            return "La structure employeuse n’a pas l’habilitation Aidants Connect."
        case Reason.MODULE_NOT_AVAILABLE_YET:
            return f"Ce module n’est proposé qu’à compter du {_day(refusal)}."
        case Reason.MODULE_NO_LONGER_AVAILABLE:
            return f"Cette formation n’est plus proposée par le dispositif depuis le {_day(refusal)}."
        case Reason.TERRITORY_NOT_COVERED:
            return "Cet organisme n’assure pas la formation initiale dans le département du conseiller."
        case Reason.OUTSIDE_SCHEME:
            return (
                "Professionnel hors dispositif : seuls les modules thématiques lui sont ouverts, sans prise en charge."
            )
        case Reason.MODULE_QUOTA_EXCEEDED:
            return "Quota de modules thématiques financés dépassé."
        case _:
            assert_never(refusal.code)


def _day(refusal: Refusal) -> str:
    return french_date(refusal.day) if refusal.day else "la date fixée au catalogue"


def _absence(refusal: Refusal) -> str:
    on = f" (dernier jour : {french_date(refusal.day)})" if refusal.day else ""
    match refusal.detail:
        case Absence.CONTRACT_NOT_STARTED:
            return "Conseiller pas encore en poste au premier jour de la session."
        case Absence.CONTRACT_ENDED:
            return f"Contrat de travail arrivé à échéance avant le premier jour de la session{on}."
        case Absence.CONTRACT_TERMINATED:
            return f"Contrat de travail rompu avant le premier jour de la session{on}."
        case Absence.NO_CONTRACT | None:
            return "Conseiller non en poste : aucun contrat de travail connu."
        case _:
            assert_never(refusal.detail)


def how_to_fix(refusal: Refusal) -> str:
    """One or two sentences: what to do, and who does it."""
    match refusal.code:
        case Reason.NOT_IN_POST:
            return (
                "La structure employeuse déclare le contrat (ou son renouvellement) qui couvre le premier jour de la "
                "session ; sinon, choisissez une session pendant le contrat."
            )
        case Reason.DS_FILE_MISSING:
            return "La structure employeuse crée le dossier sur Démarches simplifiées."
        case Reason.CONTRACT_NOT_UPLOADED:
            return (
                "La structure employeuse dépose le contrat de travail à jour dans la messagerie de son dossier "
                "Démarches simplifiées."
            )
        case Reason.RECRUITMENT_NOT_VALIDATED:
            return "La structure employeuse valide le recrutement sur son Tableau de pilotage."
        case Reason.RENEWAL_NOT_VALIDATED:
            return "La structure employeuse valide le renouvellement sur son Tableau de pilotage."
        case Reason.INITIAL_TRAINING_ALREADY_FUNDED:
            return "Le dispositif ne finance qu’un seul parcours par conseiller : cette demande ne peut pas aboutir."
        case Reason.INITIAL_TRAINING_NOT_STARTED:
            return (
                "Inscrivez-vous en formation initiale et choisissez une session à partir du premier jour de celle-ci, "
                "ou faites enregistrer la certification qui vous en dispense."
            )
        case Reason.CCP1_NOT_OBTAINED:
            return "Obtenez le CCP1 et faites-en enregistrer le résultat, puis renouvelez votre demande."
        case Reason.EMPLOYER_AGREEMENT_MISSING:
            return "Transmettez l’accord de la structure employeuse avec la demande de réexamen."
        case Reason.ACCREDITATION_MISSING:
            return "La structure employeuse demande l’habilitation Aidants Connect."
        case Reason.MODULE_NOT_AVAILABLE_YET:
            return "L’organisme de formation propose une session à partir de cette date."
        case Reason.MODULE_NO_LONGER_AVAILABLE:
            return "Aucune session ultérieure ne sera financée : cette demande ne peut pas aboutir."
        case Reason.TERRITORY_NOT_COVERED:
            return (
                "Inscrivez-vous auprès de l’organisme du territoire : La Fabrik en Hexagone, Francil’In en outre-mer."
            )
        case Reason.OUTSIDE_SCHEME:
            return "Choisissez un module thématique, à vos frais ou à ceux de votre structure."
        case Reason.MODULE_QUOTA_EXCEEDED:
            return "Conservez l’inscription sans prise en charge par l’État, ou annulez-la."
        case _:
            assert_never(refusal.code)
