"""How each reason of refusal is put right, said to whoever reads the e-mail.

The sentences of answers, which anybody may read, are those of `refusal_remedies`.
"""

from typing import NamedTuple, assert_never

from app.domain.decisions.refusals import Reason
from app.domain.events import Recipient


class _Remedy(NamedTuple):
    """One or two sentences for each reader. The employer reads those of reasons that it can lift alone."""

    adviser: str
    organisation: str
    employer: str = ""


_REMEDIES: dict[Reason, _Remedy] = {
    Reason.NOT_IN_POST: _Remedy(
        "Votre structure employeuse déclare le contrat (ou son renouvellement) qui couvre le premier jour de la "
        "session ; sinon, choisissez une session pendant votre contrat.",
        "La structure employeuse déclare le contrat (ou son renouvellement) qui couvre le premier jour de la session ; "
        "sinon, proposez une session pendant le contrat.",
        "Déclarez le contrat (ou son renouvellement) qui couvre le premier jour de la session ; sinon, le conseiller "
        "choisit une session pendant son contrat.",
    ),
    Reason.DS_FILE_MISSING: _Remedy(
        "Votre structure employeuse crée le dossier sur Démarches simplifiées.",
        "La structure employeuse crée le dossier sur Démarches simplifiées.",
        "Créez le dossier sur Démarches simplifiées.",
    ),
    Reason.CONTRACT_NOT_UPLOADED: _Remedy(
        "Votre structure employeuse dépose le contrat de travail à jour dans la messagerie de son dossier Démarches "
        "simplifiées.",
        "La structure employeuse dépose le contrat de travail à jour dans la messagerie de son dossier Démarches "
        "simplifiées.",
        "Déposez le contrat de travail à jour dans la messagerie de votre dossier Démarches simplifiées.",
    ),
    Reason.RECRUITMENT_NOT_VALIDATED: _Remedy(
        "Votre structure employeuse valide votre recrutement sur son Tableau de pilotage.",
        "La structure employeuse valide le recrutement sur son Tableau de pilotage.",
        "Validez le recrutement sur votre Tableau de pilotage.",
    ),
    Reason.RENEWAL_NOT_VALIDATED: _Remedy(
        "Votre structure employeuse valide le renouvellement de votre contrat sur son Tableau de pilotage.",
        "La structure employeuse valide le renouvellement sur son Tableau de pilotage.",
        "Validez le renouvellement du contrat sur votre Tableau de pilotage.",
    ),
    Reason.INITIAL_TRAINING_ALREADY_FUNDED: _Remedy(
        "Le dispositif ne finance qu’un seul parcours par conseiller : cette demande ne peut pas aboutir.",
        "Le dispositif ne finance qu’un seul parcours par conseiller : cette demande ne peut pas aboutir.",
    ),
    Reason.INITIAL_TRAINING_NOT_STARTED: _Remedy(
        "Inscrivez-vous en formation initiale et choisissez une session à partir du premier jour de celle-ci, ou "
        "faites enregistrer la certification qui vous en dispense.",
        "Le conseiller s’inscrit en formation initiale et choisit une session à partir du premier jour de celle-ci, ou "
        "fait enregistrer la certification qui l’en dispense.",
    ),
    Reason.CCP1_NOT_OBTAINED: _Remedy(
        "Obtenez le CCP1 et faites-en enregistrer le résultat, puis demandez le réexamen.",
        "Le conseiller obtient le CCP1 et en fait enregistrer le résultat, puis demande le réexamen.",
    ),
    Reason.EMPLOYER_AGREEMENT_MISSING: _Remedy(
        "Votre structure employeuse vous donne son accord, que vous transmettez à votre organisme de formation.",
        "Le conseiller vous transmet l’accord de sa structure employeuse : joignez-le à la demande de réexamen.",
        "Si vous êtes d’accord avec cette formation, donnez votre accord au conseiller, qui le transmet à son "
        "organisme de formation.",
    ),
    Reason.ACCREDITATION_MISSING: _Remedy(
        "Votre structure employeuse demande l’habilitation Aidants Connect.",
        "La structure employeuse demande l’habilitation Aidants Connect.",
        "Demandez l’habilitation Aidants Connect.",
    ),
    Reason.MODULE_NOT_AVAILABLE_YET: _Remedy(
        "Votre organisme de formation propose une session à partir de cette date.",
        "Proposez une session à partir de cette date.",
    ),
    Reason.MODULE_NO_LONGER_AVAILABLE: _Remedy(
        "Aucune session ultérieure ne sera financée : cette demande ne peut pas aboutir.",
        "Aucune session ultérieure ne sera financée : cette demande ne peut pas aboutir.",
    ),
    Reason.TERRITORY_NOT_COVERED: _Remedy(
        "Inscrivez-vous auprès de l’organisme du territoire : La Fabrik en Hexagone, Francil’In en outre-mer.",
        "Le conseiller s’inscrit auprès de l’organisme du territoire : La Fabrik en Hexagone, Francil’In en outre-mer.",
    ),
    Reason.OUTSIDE_SCHEME: _Remedy(
        "Choisissez un module thématique, à vos frais ou à ceux de votre structure.",
        "Le conseiller choisit un module thématique, à ses frais ou à ceux de sa structure.",
    ),
    Reason.MODULE_QUOTA_EXCEEDED: _Remedy(
        "Conservez l’inscription sans prise en charge par l’État, ou annulez-la.",
        "Le conseiller conserve l’inscription sans prise en charge par l’État, ou l’annule.",
    ),
}


def remedy(reason: Reason, recipient: Recipient) -> str:
    """In French, as `recipient` is told it."""
    told = _REMEDIES[reason]
    match recipient:
        case Recipient.ADVISER:
            return told.adviser
        case Recipient.EMPLOYER:
            return told.employer
        case Recipient.TRAINING_ORGANISATION | Recipient.SUPPORT:
            return told.organisation
        case _:
            assert_never(recipient)
