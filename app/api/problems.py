"""Every error as `application/problem+json` (RFC 9457). The codes are promises; each has its page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NotRequired
from uuid import uuid4

import orjson
from typing_extensions import TypedDict

from app.persistence.attempts import Answer

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code means: `advice` is shown on its page."""

    status: int
    title: str
    advice: str


CATALOGUE: Mapping[str, Kind] = {
    "malformed-json": Kind(400, "Corps illisible", "Envoyez un document JSON valide, encodé en UTF-8."),
    "invalid-parameter": Kind(400, "Paramètre invalide", "Corrigez ou retirez le paramètre nommé dans `errors`."),
    "invalid-header": Kind(400, "En-tête invalide", "Corrigez l’en-tête nommé dans `detail`."),
    "invalid-cursor": Kind(400, "Curseur invalide", "Reprenez la liste au début, avec les mêmes filtres."),
    "idempotency-key-missing": Kind(
        400,
        "Idempotency-Key manquant",
        "Ajoutez un en-tête Idempotency-Key de 16 à 255 caractères, neuf à chaque demande.",
    ),
    "unauthenticated": Kind(401, "Clé d’API absente ou inconnue", "Envoyez Authorization: Bearer suivi de votre clé."),
    "forbidden": Kind(403, "Action non permise à ce rôle", "Demandez cette action au rôle qui en a le droit."),
    "not-found": Kind(
        404, "Introuvable", "Vérifiez l’adresse et l’identifiant : il n’existe pas, ou n’est pas à vous."
    ),
    "method-not-allowed": Kind(405, "Méthode non permise", "Utilisez une des méthodes de l’en-tête Allow."),
    "invalid-transition": Kind(
        409, "Impossible dans le statut actuel", "Lisez l’inscription : son statut dit ce qui est encore possible."
    ),
    "duplicate-registration": Kind(
        409, "Inscription déjà existante", "Suivez l’inscription nommée par l’en-tête Link, ou annulez-la d’abord."
    ),
    "session-started": Kind(409, "Session déjà commencée", "Enregistrez l’assiduité plutôt qu’une annulation."),
    "session-not-started": Kind(409, "Session pas encore commencée", "Attendez le premier jour de la session."),
    "conum-id-taken": Kind(409, "ID Conum déjà attribué", "Retrouvez le conseiller par GET /v1/advisers?conum_id=…"),
    "nothing-to-carry-over": Kind(
        409, "Rien à reporter", "Lisez le dossier de formation : il dit ce qui reste du droit."
    ),
    "idempotency-in-flight": Kind(409, "Demande en cours", "Réessayez avec la même clé après Retry-After secondes."),
    "precondition-failed": Kind(412, "Version périmée", "Relisez la ressource et reprenez avec son ETag."),
    "payload-too-large": Kind(413, "Corps trop volumineux", "Un corps compte au plus 256 Kio."),
    "unsupported-media-type": Kind(415, "Type de contenu refusé", "Envoyez application/json."),
    "validation-error": Kind(422, "Demande invalide", "Corrigez chaque champ nommé dans `errors`."),
    "unknown-reference": Kind(
        422, "Référence inconnue", "Créez d’abord ce que nomme `errors`, ou corrigez l’identifiant."
    ),
    "idempotency-key-reused": Kind(
        422, "Idempotency-Key déjà utilisé", "Une clé sert à une seule demande : prenez-en une neuve."
    ),
    "precondition-required": Kind(428, "If-Match manquant", "Envoyez If-Match avec l’ETag de la version lue."),
    "internal-error": Kind(
        500, "Erreur interne", "Réessayez ; si l’erreur demeure, transmettez `instance` au support."
    ),
    "unavailable": Kind(503, "Service momentanément indisponible", "Réessayez après Retry-After secondes."),
}

_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "payload-too-large", 415: "unsupported-media-type"}


class FieldError(TypedDict):
    pointer: str
    code: str
    detail: str


class ProblemResource(TypedDict):
    """RFC 9457, with a stable `code`; `errors` names each field of a 422."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: NotRequired[list[FieldError]]


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818  # the field's own word for it
    """`code` is one of CATALOGUE."""

    code: str
    detail: str
    errors: Iterable[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def status(self) -> int:
        return CATALOGUE[self.code].status


def field_error(pointer: str, code: str, detail: str) -> FieldError:
    return {"pointer": pointer, "code": code, "detail": detail}


def code_of_status(status: int) -> str:
    """The code of an error raised by the framework."""
    client_error = 400 <= status < 500  # noqa: PLR2004  # the class of client errors
    return _BY_STATUS.get(status, "malformed-json" if client_error else "internal-error")


def problem_answer(problem: Problem, base_url: str) -> Answer:
    kind = CATALOGUE[problem.code]
    body: ProblemResource = {
        "type": f"{base_url}/problems/{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "instance": f"urn:uuid:{uuid4()}",
        "code": problem.code,
    }
    if errors := list(problem.errors):
        body["errors"] = errors
    headers = {"Content-Type": MEDIA_TYPE, "Content-Language": "fr", "Cache-Control": "no-store", **problem.headers}
    return Answer(kind.status, orjson.dumps(body), headers)
