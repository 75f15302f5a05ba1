"""How each reason of refusal is put right."""

from typing import assert_never

from app.domain.decisions.refusals import Reason, Refusal
from app.wording.languages import Sentence


def how_to_fix(refusal: Refusal) -> Sentence:
    """One or two sentences: what to do, and who does it."""
    match refusal.code:
        case Reason.NOT_IN_POST:
            return Sentence(
                fr="La structure employeuse déclare le contrat (ou son renouvellement) qui couvre le premier jour de "
                "la session ; sinon, choisissez une session pendant le contrat.",
                en="The employer declares the contract (or its renewal) that covers the first day of the session; "
                "otherwise, choose a session during the contract.",
            )
        case Reason.DS_FILE_MISSING:
            return Sentence(
                fr="La structure employeuse crée le dossier sur Démarches simplifiées.",
                en="The employer creates the file on Démarches simplifiées.",
            )
        case Reason.CONTRACT_NOT_UPLOADED:
            return Sentence(
                fr="La structure employeuse dépose le contrat de travail à jour dans la messagerie de son dossier "
                "Démarches simplifiées.",
                en="The employer uploads the up-to-date employment contract in the messages of its Démarches "
                "simplifiées file.",
            )
        case Reason.RECRUITMENT_NOT_VALIDATED:
            return Sentence(
                fr="La structure employeuse valide le recrutement sur son Tableau de pilotage.",
                en="The employer validates the recruitment on its Tableau de pilotage.",
            )
        case Reason.RENEWAL_NOT_VALIDATED:
            return Sentence(
                fr="La structure employeuse valide le renouvellement sur son Tableau de pilotage.",
                en="The employer validates the renewal on its Tableau de pilotage.",
            )
        case Reason.INITIAL_TRAINING_ALREADY_FUNDED:
            return Sentence(
                fr="Le dispositif ne finance qu’un seul parcours par conseiller : cette demande ne peut pas aboutir.",
                en="The scheme funds only one initial training per adviser: this request cannot succeed.",
            )
        case Reason.INITIAL_TRAINING_NOT_STARTED:
            return Sentence(
                fr="Inscrivez-vous en formation initiale et choisissez une session à partir du premier jour de "
                "celle-ci, ou faites enregistrer la certification qui vous en dispense.",
                en="Register for initial training and choose a session from its first day onwards, or have the "
                "certification that exempts you recorded.",
            )
        case Reason.CCP1_NOT_OBTAINED:
            return Sentence(
                fr="Obtenez le CCP1 et faites-en enregistrer le résultat, puis demandez le réexamen.",
                en="Obtain the CCP1 and have the result recorded, then ask for the re-examination.",
            )
        case Reason.EMPLOYER_AGREEMENT_MISSING:
            return Sentence(
                fr="Transmettez l’accord de la structure employeuse avec la demande de réexamen.",
                en="Send the employer’s agreement with the request for re-examination.",
            )
        case Reason.ACCREDITATION_MISSING:
            return Sentence(
                fr="La structure employeuse demande l’habilitation Aidants Connect.",
                en="The employer applies for the Aidants Connect accreditation.",
            )
        case Reason.MODULE_NOT_AVAILABLE_YET:
            return Sentence(
                fr="L’organisme de formation propose une session à partir de cette date.",
                en="The training organisation offers a session from that date onwards.",
            )
        case Reason.MODULE_NO_LONGER_AVAILABLE:
            return Sentence(
                fr="Aucune session ultérieure ne sera financée : cette demande ne peut pas aboutir.",
                en="No later session will be funded: this request cannot succeed.",
            )
        case Reason.TERRITORY_NOT_COVERED:
            return Sentence(
                fr="Inscrivez-vous auprès de l’organisme du territoire : La Fabrik en Hexagone, Francil’In en "
                "outre-mer.",
                en="Register with the territory’s training organisation: La Fabrik in mainland France, Francil’In "
                "overseas.",
            )
        case Reason.OUTSIDE_SCHEME:
            return Sentence(
                fr="Choisissez un module thématique, à vos frais ou à ceux de votre structure.",
                en="Choose a thematic module, at your own expense or at your organisation’s.",
            )
        case Reason.MODULE_QUOTA_EXCEEDED:
            return Sentence(
                fr="Conservez l’inscription sans prise en charge par l’État, ou annulez-la.",
                en="Keep the registration without State funding, or cancel it.",
            )
        case _:
            assert_never(refusal.code)
