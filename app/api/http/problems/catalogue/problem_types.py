"""Every problem of this API, by its code. Codes never change; each has its page."""

from collections.abc import Mapping

from app.api.http.problems.catalogue.bad_request_problem_types import BAD_REQUEST_PROBLEM_TYPES
from app.api.http.problems.catalogue.conflict_problem_types import CONFLICT_PROBLEM_TYPES
from app.api.http.problems.catalogue.problem_type import ProblemType
from app.wording.languages import Sentence

PROBLEM_TYPES: Mapping[str, ProblemType] = {
    **BAD_REQUEST_PROBLEM_TYPES,
    "unauthenticated": ProblemType(
        401,
        Sentence(fr="Clé d’API absente ou inconnue", en="API key missing or unknown"),
        Sentence(
            fr="Envoyez `Authorization: Bearer` suivi de votre clé.",
            en="Send `Authorization: Bearer` followed by your key.",
        ),
    ),
    "forbidden": ProblemType(
        403,
        Sentence(fr="Action non permise à ce rôle", en="Action not allowed for this role"),
        Sentence(
            fr="Demandez cette action au rôle qui en a le droit.",
            en="Ask a role that has the right to take this action.",
        ),
    ),
    "not-found": ProblemType(
        404,
        Sentence(fr="Introuvable", en="Not found"),
        Sentence(
            fr="Vérifiez l’adresse et l’identifiant : il n’existe pas, ou n’est pas à vous.",
            en="Check the address and the identifier: it does not exist, or is not yours.",
        ),
    ),
    "method-not-allowed": ProblemType(
        405,
        Sentence(fr="Méthode non permise", en="Method not allowed"),
        Sentence(
            fr="Utilisez une des méthodes de l’en-tête Allow.", en="Use one of the methods given in the Allow header."
        ),
    ),
    "not-acceptable": ProblemType(
        406,
        Sentence(fr="Format non proposé", en="Format not offered"),
        Sentence(
            fr="Demandez dans l’en-tête Accept un des formats que nomme `detail` ; sans cet en-tête, c’est JSON.",
            en="Ask in the Accept header for one of the formats that `detail` names; without that header, it is JSON.",
        ),
    ),
    "request-timeout": ProblemType(
        408,
        Sentence(fr="Demande trop lente", en="Request too slow"),
        Sentence(
            fr="Envoyez les en-têtes, puis le corps, en moins de dix secondes, un fichier en moins de deux minutes.",
            en="Send the headers, then the body, in less than ten seconds, a file in less than two minutes.",
        ),
    ),
    "cursor-expired": ProblemType(
        410,
        Sentence(fr="Curseur expiré", en="Expired cursor"),
        Sentence(
            fr="Prenez la tête du flux (`after=now`), relisez les listes, puis suivez le flux depuis cette tête ; "
            "ou reprenez le flux au plus ancien événement gardé, sans `after`.",
            en="Take the head of the feed (`after=now`), read the lists again, then follow the feed from that head; "
            "or resume the feed at the oldest event kept, without `after`.",
        ),
    ),
    "precondition-failed": ProblemType(
        412,
        Sentence(fr="Version périmée", en="Stale version"),
        Sentence(
            fr="Relisez la ressource et reprenez avec son ETag.", en="Read the resource again and resume with its ETag."
        ),
    ),
    **CONFLICT_PROBLEM_TYPES,
    "payload-too-large": ProblemType(
        413,
        Sentence(fr="Corps trop volumineux", en="Body too large"),
        Sentence(
            fr="Un corps compte au plus 256 Kio, un fichier à importer au plus 10 Mio.",
            en="A body has at most 256 KiB, a file to import at most 10 MiB.",
        ),
    ),
    "unsupported-media-type": ProblemType(
        415,
        Sentence(fr="Type de contenu refusé", en="Content type refused"),
        Sentence(
            fr="Envoyez application/json, ou multipart/form-data pour un fichier.",
            en="Send application/json, or multipart/form-data for a file.",
        ),
    ),
    "validation-error": ProblemType(
        422,
        Sentence(fr="Demande invalide", en="Invalid request"),
        Sentence(fr="Corrigez chaque champ nommé dans `errors`.", en="Correct each field named in `errors`."),
    ),
    "unknown-reference": ProblemType(
        422,
        Sentence(fr="Référence inconnue", en="Unknown reference"),
        Sentence(
            fr="Créez d’abord ce que nomme `errors`, ou corrigez l’identifiant.",
            en="Create what `errors` names first, or correct the identifier.",
        ),
    ),
    "idempotency-key-reused": ProblemType(
        422,
        Sentence(fr="Idempotency-Key déjà utilisé", en="Idempotency-Key already used"),
        Sentence(
            fr="Une clé sert à une seule demande : prenez-en une neuve.",
            en="A key serves for one request only: take a new one.",
        ),
    ),
    "precondition-required": ProblemType(
        428,
        Sentence(fr="If-Match manquant", en="If-Match missing"),
        Sentence(
            fr="Envoyez If-Match avec l’ETag de la version lue.",
            en="Send If-Match with the ETag of the version you read.",
        ),
    ),
    "too-many-requests": ProblemType(
        429,
        Sentence(fr="Trop de demandes", en="Too many requests"),
        Sentence(
            fr="Attendez Retry-After secondes ; une lecture avec If-None-Match répondue 304 ne compte pas.",
            en="Wait Retry-After seconds; a read with If-None-Match answered 304 is not counted.",
        ),
    ),
    "head-too-large": ProblemType(
        431,
        Sentence(fr="En-têtes trop volumineux", en="Headers too large"),
        Sentence(
            fr="L’adresse et les en-têtes comptent ensemble au plus 32 Kio.",
            en="The address and the headers have at most 32 KiB together.",
        ),
    ),
    "internal-error": ProblemType(
        500,
        Sentence(fr="Erreur interne", en="Internal error"),
        Sentence(
            fr="Réessayez ; si l’erreur demeure, transmettez `instance` au support.",
            en="Try again; if the error persists, give `instance` to the support desk.",
        ),
    ),
    "unavailable": ProblemType(
        503,
        Sentence(fr="Service momentanément indisponible", en="Service temporarily unavailable"),
        Sentence(fr="Réessayez après Retry-After secondes.", en="Try again after Retry-After seconds."),
    ),
    "outcome-unknown": ProblemType(
        503,
        Sentence(fr="Issue inconnue", en="Outcome unknown"),
        Sentence(
            fr="Répétez la même demande avec la même Idempotency-Key : vous saurez, et rien ne sera fait deux fois.",
            en="Repeat the same request with the same Idempotency-Key: you will know, and nothing is done twice.",
        ),
    ),
}
