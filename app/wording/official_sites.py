"""Where what a message asks for is done: the addresses of the State's other sites, and of the modules' catalogue."""

from dataclasses import dataclass

from app.domain.decisions.refusals import Reason
from app.wording.published_rules import TRAINING_PAGE

STEERING_DASHBOARD = "https://pilotage.conseiller-numerique.gouv.fr"
DEMARCHES_SIMPLIFIEES = "https://www.demarches-simplifiees.fr"
AIDANTS_CONNECT_ACCREDITATION = "https://aidantsconnect.beta.gouv.fr/habilitation"
MODULE_CATALOGUE = "https://lamednum.coop/formation/"


@dataclass(frozen=True, slots=True)
class Site:
    """`label` says what is done at `address`."""

    label: str
    address: str


def site_to_fix(reason: Reason, ds_file_number: str | None) -> Site | None:
    """Where whoever can lift this reason does it; None when that is no site. `ds_file_number` is the number of the
    file on Démarches simplifiées when the reader knows it."""
    match reason:
        case Reason.NOT_IN_POST | Reason.RECRUITMENT_NOT_VALIDATED | Reason.RENEWAL_NOT_VALIDATED:
            return Site("Ouvrir le Tableau de pilotage", STEERING_DASHBOARD)
        case Reason.CONTRACT_NOT_UPLOADED if ds_file_number is not None and ds_file_number.isdecimal():
            return Site(
                "Ouvrir la messagerie du dossier", f"{DEMARCHES_SIMPLIFIEES}/dossiers/{ds_file_number}/messagerie"
            )
        case Reason.DS_FILE_MISSING | Reason.CONTRACT_NOT_UPLOADED:
            return Site("Ouvrir Démarches simplifiées", DEMARCHES_SIMPLIFIEES)
        case Reason.ACCREDITATION_MISSING:
            return Site("Demander l’habilitation", AIDANTS_CONNECT_ACCREDITATION)
        case Reason.INITIAL_TRAINING_NOT_STARTED | Reason.TERRITORY_NOT_COVERED:
            return Site("Voir où s’inscrire en formation initiale", TRAINING_PAGE.address)
        case Reason.OUTSIDE_SCHEME:
            return Site("Voir les modules thématiques", MODULE_CATALOGUE)
        case _:
            return None
