"""Problems of a request that conflicts with the present state: status 409."""

from collections.abc import Mapping

from app.api.http.problems.catalogue.problem_type import ProblemType
from app.wording.languages import Sentence

CONFLICT_PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "invalid-transition": ProblemType(
        409,
        Sentence(fr="Impossible dans le statut actuel", en="Not possible in the current status"),
        Sentence(
            fr="Lisez l’inscription, ou le résultat : son statut dit ce qui est encore possible.",
            en="Read the registration, or the result: its status says what is still possible.",
        ),
    ),
    "duplicate-registration": ProblemType(
        409,
        Sentence(fr="Inscription déjà existante", en="Registration already exists"),
        Sentence(
            fr="Suivez l’inscription nommée par l’en-tête Link, ou annulez-la d’abord. Celle d’un autre organisme de "
            "formation ne lui est pas nommée : voyez avec le conseiller.",
            en="Follow the registration named in the Link header, or cancel it first. Another training organisation’s "
            "is not named to one: see the adviser about it.",
        ),
    ),
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
    "no-right-left": ProblemType(
        409,
        Sentence(fr="Plus aucun droit ce jour-là", en="No right left on that day"),
        Sentence(
            fr="Le droit rendu sert maintenant à une autre formation. Lisez le dossier de formation : il dit laquelle.",
            en="The right that was given back now pays for another training. Read the training record: it says which.",
        ),
    ),
    "too-late-to-correct": ProblemType(
        409,
        Sentence(fr="Trop tard pour corriger", en="Too late to correct"),
        Sentence(
            fr="Passé ce délai, un administrateur peut encore corriger : ouvrez une demande au support.",
            en="After that day an administrator may still correct it: open a support request.",
        ),
    ),
    "reasons-remain": ProblemType(
        409,
        Sentence(fr="Il reste des motifs", en="Reasons remain"),
        Sentence(
            fr="Nommez dans `waived` chaque motif que vous écartez, ou faites lever ceux qui restent.",
            en="Name in `waived` each reason that you set aside, or have the remaining ones put right.",
        ),
    ),
    "outside-scheme": ProblemType(
        409,
        Sentence(fr="Hors du dispositif", en="Outside the scheme"),
        Sentence(
            fr="Un médiateur hors du dispositif n’a aucun droit financé : rien ne se reporte.",
            en="A mediator outside the scheme has no funded right: there is nothing to carry over.",
        ),
    ),
    "too-late-to-carry-over": ProblemType(
        409,
        Sentence(fr="Trop tard pour reporter", en="Too late to carry over"),
        Sentence(
            fr="Un report se décide au plus tard le dernier jour du droit qu’il crée.",
            en="A carry-over is decided by the last day of the right that it makes.",
        ),
    ),
    "result-exists": ProblemType(
        409,
        Sentence(fr="Résultat déjà enregistré", en="Result already recorded"),
        Sentence(
            fr="Un seul résultat par titre et par jour : retrouvez-le par GET /v1/certifications?adviser_id=…, et "
            "annulez-le d’abord s’il est faux.",
            en="One result for each title and day: find it with GET /v1/certifications?adviser_id=…, and annul it "
            "first if it is wrong.",
        ),
    ),
    "session-not-started": ProblemType(
        409,
        Sentence(fr="Session pas encore commencée", en="Session not started yet"),
        Sentence(fr="Attendez le premier jour de la session.", en="Wait for the first day of the session."),
    ),
    "adviser-anonymised": ProblemType(
        409,
        Sentence(fr="Conseiller anonymisé", en="Adviser anonymised"),
        Sentence(
            fr="Oubliez qui il était, vous aussi. Si la personne revient, créez un autre conseiller.",
            en="Forget who it was, too. Should the person come back, create another adviser.",
        ),
    ),
    "conum-id-taken": ProblemType(
        409,
        Sentence(fr="ID Conum déjà attribué", en="Conum ID already taken"),
        Sentence(
            fr="Retrouvez le conseiller par GET /v1/advisers?conum_id=…",
            en="Find the adviser with GET /v1/advisers?conum_id=…",
        ),
    ),
    "too-many-keys": ProblemType(
        409,
        Sentence(fr="Trop de clés actives", en="Too many live keys"),
        Sentence(
            fr="Un client a au plus deux clés : révoquez l’ancienne par DELETE /v1/api-keys/{id}, puis recommencez.",
            en="A client has two keys at most: revoke the old one with DELETE /v1/api-keys/{id}, then try again.",
        ),
    ),
    "issuer-client-id-taken": ProblemType(
        409,
        Sentence(fr="Nom déjà attribué chez l’émetteur", en="Name at the issuer already taken"),
        Sentence(
            fr="Retrouvez le client qui porte ce nom par GET /v1/clients, ou révoquez-le d’abord.",
            en="Find the client of that name with GET /v1/clients, or revoke it first.",
        ),
    ),
    "too-many-endpoints": ProblemType(
        409,
        Sentence(fr="Trop de points de terminaison", en="Too many endpoints"),
        Sentence(
            fr="Un propriétaire en a seize au plus : supprimez-en un par DELETE /v1/webhook-endpoints/{id}.",
            en="An owner has sixteen at most: delete one with DELETE /v1/webhook-endpoints/{id}.",
        ),
    ),
    "endpoint-disabled": ProblemType(
        409,
        Sentence(fr="Point de terminaison désactivé", en="Endpoint disabled"),
        Sentence(
            fr='Réactivez-le par PATCH /v1/webhook-endpoints/{id} `{"status": "active"}`, puis recommencez.',
            en='Enable it with PATCH /v1/webhook-endpoints/{id} `{"status": "active"}`, then try again.',
        ),
    ),
    "nothing-to-carry-over": ProblemType(
        409,
        Sentence(fr="Rien à reporter", en="Nothing to carry over"),
        Sentence(
            fr="Lisez le dossier de formation : il dit ce qui reste du droit.",
            en="Read the training record: it says what is left of the entitlement.",
        ),
    ),
    "policy-exists": ProblemType(
        409,
        Sentence(fr="Version de la politique déjà existante", en="Policy version already exists"),
        Sentence(
            fr="Une version ne change pas : pour la corriger, ajoutez-en une d’une autre date d’effet.",
            en="A version does not change: to correct it, add one that takes effect on another date.",
        ),
    ),
    "idempotency-in-flight": ProblemType(
        409,
        Sentence(fr="Demande en cours", en="Request in progress"),
        Sentence(
            fr="Réessayez avec la même clé après Retry-After secondes.",
            en="Try again with the same key after Retry-After seconds.",
        ),
    ),
}
