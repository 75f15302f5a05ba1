"""Which status a move asks for, as people are told who tried it from another."""

from collections.abc import Mapping

from app.wording.decision_summaries import STATUS_LABELS
from app.wording.languages import Sentence
from app.wording.support_labels import SUPPORT_STATUS_LABELS

TRANSITION_MESSAGES = {
    "choice": Sentence(
        fr="Le choix du conseiller n’est attendu que d’une inscription en attente de choix",
        en="The adviser’s choice is expected only for a registration that awaits it",
    ),
    "cancellation": Sentence(
        fr="Seule une inscription acceptée ou en attente de choix s’annule",
        en="Only a registration that is accepted or awaiting the adviser’s choice can be cancelled",
    ),
    "attendance": Sentence(
        fr="L’assiduité ne s’enregistre que sur une inscription acceptée",
        en="Attendance is recorded only on an accepted registration",
    ),
    "derogation": Sentence(
        fr="Une dérogation ne s’accorde que sur une inscription refusée ou en attente de choix",
        en="A derogation is granted only on a registration that is refused or awaiting the adviser’s choice",
    ),
    "reschedule": Sentence(
        fr="Seule la session d’une inscription acceptée, refusée ou en attente de choix se déplace",
        en="Only the session of a registration that is accepted, refused or awaiting the adviser’s choice can be moved",
    ),
    "re-examination": Sentence(
        fr="Seule une inscription refusée se réexamine", en="Only a refused registration can be re-examined"
    ),
    "positioning-test": Sentence(
        fr="Le test de positionnement ne s’enregistre que sur une inscription acceptée ou suivie",
        en="The positioning test is recorded only on a registration that is accepted or completed",
    ),
    "answer": Sentence(
        fr="Seule une demande au support ouverte reçoit une réponse", en="Only an open support request is answered"
    ),
    "withdrawal": Sentence(
        fr="Seule une demande au support ouverte se retire", en="Only an open support request can be withdrawn"
    ),
}
# Of a registration or of a support request: no two statuses have the same name.
TRANSITION_STATUS_LABELS: Mapping[str, Sentence] = {
    str(status): label for status, label in (*STATUS_LABELS.items(), *SUPPORT_STATUS_LABELS.items())
}
