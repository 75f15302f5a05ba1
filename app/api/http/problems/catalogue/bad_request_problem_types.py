"""Problems of a request that cannot be read: status 400."""

from collections.abc import Mapping

from app.api.http.problems.catalogue.problem_type import ProblemType
from app.wording.languages import Sentence

BAD_REQUEST_PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "malformed-json": ProblemType(
        400,
        Sentence(fr="Corps illisible", en="Unreadable body"),
        Sentence(
            fr="Envoyez un document JSON valide, encodé en UTF-8.", en="Send a valid JSON document, encoded in UTF-8."
        ),
    ),
    "malformed-request": ProblemType(
        400,
        Sentence(fr="Requête HTTP illisible", en="Unreadable HTTP request"),
        Sentence(
            fr="Ce n’est pas une requête HTTP/1.1 entière : utilisez un client HTTP courant.",
            en="This is not a whole HTTP/1.1 request: use a common HTTP client.",
        ),
    ),
    "malformed-form": ProblemType(
        400,
        Sentence(fr="Formulaire illisible", en="Unreadable form"),
        Sentence(
            fr="Envoyez un formulaire multipart/form-data dont chaque partie est complète.",
            en="Send a multipart/form-data form of which every part is complete.",
        ),
    ),
    "invalid-parameter": ProblemType(
        400,
        Sentence(fr="Paramètre invalide", en="Invalid parameter"),
        Sentence(
            fr="Corrigez ou retirez le paramètre nommé dans `errors`.",
            en="Correct or remove the parameter named in `errors`.",
        ),
    ),
    "invalid-header": ProblemType(
        400,
        Sentence(fr="En-tête invalide", en="Invalid header"),
        Sentence(fr="Corrigez l’en-tête nommé dans `detail`.", en="Correct the header named in `detail`."),
    ),
    "invalid-cursor": ProblemType(
        400,
        Sentence(fr="Curseur invalide", en="Invalid cursor"),
        Sentence(
            fr="Reprenez la liste au début, avec les mêmes filtres.",
            en="Start the list again from the beginning, with the same filters.",
        ),
    ),
    "idempotency-key-missing": ProblemType(
        400,
        Sentence(fr="Idempotency-Key manquant", en="Idempotency-Key missing"),
        Sentence(
            fr="Ajoutez un en-tête Idempotency-Key de 16 à 255 caractères, neuf à chaque demande.",
            en="Add an Idempotency-Key header of 16 to 255 characters, new for each request.",
        ),
    ),
}
