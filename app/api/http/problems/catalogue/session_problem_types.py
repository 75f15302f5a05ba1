"""Problems of a request that conflicts with the state of a session, its days or its seats: status 409."""

from collections.abc import Mapping

from app.api.http.problems.catalogue.problem_type import ProblemType
from app.wording.languages import Sentence

SESSION_PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "session-started": ProblemType(
        409,
        Sentence(fr="Session déjà commencée", en="Session already started"),
        Sentence(
            fr="Une session commencée ne s’annule ni ne se déplace : enregistrez l’assiduité. Pour consigner après "
            'coup ce qui a eu lieu (statut 422), envoyez `"regularisation": true`.',
            en="A session that has started is neither cancelled nor moved: record attendance. To record afterwards "
            'what happened (status 422), send `"regularisation": true`.',
        ),
    ),
    "session-ended": ProblemType(
        409,
        Sentence(fr="Session terminée", en="Session over"),
        Sentence(
            fr="Le réexamen se demande jusqu’au dernier jour de la session. Ensuite, une personne peut encore décider "
            ": ouvrez une demande au support.",
            en="A re-examination is asked for by the session’s last day. Afterwards a person may still decide: open a "
            "support request.",
        ),
    ),
    "session-not-started": ProblemType(
        409,
        Sentence(fr="Session pas encore commencée", en="Session not started yet"),
        Sentence(fr="Attendez le premier jour de la session.", en="Wait for the first day of the session."),
    ),
    "session-closed": ProblemType(
        409,
        Sentence(fr="Inscriptions closes", en="Registration closed"),
        Sentence(
            fr="Choisissez une autre session, ou demandez à l’organisme de repousser la clôture.",
            en="Choose another session, or ask the organisation to put the closing day off.",
        ),
    ),
    "session-cancelled": ProblemType(
        409,
        Sentence(fr="Session annulée", en="Session cancelled"),
        Sentence(
            fr="Elle n’aura pas lieu et ne change plus : choisissez-en une autre, ou publiez-en une nouvelle.",
            en="It will not be held and changes no more: choose another one, or publish a new one.",
        ),
    ),
    "seats-taken": ProblemType(
        409,
        Sentence(fr="Places déjà prises", en="Seats already taken"),
        Sentence(
            fr="Une session garde au moins les places prises : annulez ou déplacez d’abord des inscriptions.",
            en="A session has no fewer seats than are taken: cancel or move registrations first.",
        ),
    ),
    "seat-waiting": ProblemType(
        409,
        Sentence(fr="Place attendue", en="Waiting for a seat"),
        Sentence(
            fr="Seul qui a une place suit la session : donnez-en davantage, ou inscrivez à une autre session.",
            en="Only who has a seat attends: give more seats, or register to another session.",
        ),
    ),
    "reference-taken": ProblemType(
        409,
        Sentence(fr="Référence déjà utilisée", en="Reference already used"),
        Sentence(
            fr="Une référence désigne une seule session de l’organisme : modifiez celle qui la porte, ou changez-la.",
            en="A reference names one session of the organisation: change the one that has it, or use another.",
        ),
    ),
}
