"""Problems of a request that conflicts with the present state: status 409."""

from collections.abc import Mapping

from app.api.http.problems.catalogue.problem_type import ProblemType
from app.api.http.problems.catalogue.session_problem_types import SESSION_PROBLEM_TYPES
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
    **SESSION_PROBLEM_TYPES,
}
