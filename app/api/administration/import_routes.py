"""/v1/imports: files, stored here and imported by the worker."""

from functools import partial
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import Response

from app.api.administration.import_schemas import (
    Fingerprint,
    ImportRequest,
    ImportResource,
    NdjsonFingerprint,
    asker,
    check_may_import,
    import_resource,
)
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.bare_files import NDJSON_MEDIA_TYPE
from app.api.http.bodies.json_responses import PRIVATE_NO_CACHE, json_response, to_response
from app.api.http.bodies.limited_body import UPLOAD_BODY
from app.api.http.bodies.resource_responses import found, resource_renderer
from app.api.http.fields.field_types import Id
from app.api.http.language_negotiation import language_headers
from app.api.http.pagination import UnversionedPaging, equality_filters
from app.api.http.problems.problem_details import Problem, invalid_parameter
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.import_kind import ImportKind, ImportStatus
from app.persistence.administration.imports import MAX_FILE_BYTES
from app.use_cases.administration.request_import import SentFile, request_import
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/imports", tags=["Imports"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.IMPORTS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.IMPORTS_WRITE))]

CSV_MEDIA_TYPE = "text/csv; charset=utf-8"
REJECTS_SCHEMA: dict[str, Any] = {
    "type": "string",
    "maxLength": MAX_FILE_BYTES * 10,
    "pattern": r"^\uFEFFLigne rejetée;",
}
NDJSON_BODY: dict[str, Any] = {
    "schema": {
        "type": "string",
        "maxLength": MAX_FILE_BYTES,
        "format": "binary",
        "description": "Un objet JSON par ligne, aux champs de cette API, imbriqués (`employer`) ou non "
        "(`employer.siret`) ; null efface, un champ absent reste.",
    },
}
NO_REJECTED_LINES = Sentence(fr="Aucune ligne n’a été rejetée, ou pas encore.", en="No line was rejected, or not yet.")
NOT_FOUND = Sentence(fr="Aucun import à vous n’a cet identifiant.", en="No import of yours has this identifier.")
IN_THE_FORM = Sentence(
    fr="Dans le formulaire, quand le fichier y est.", en="In the form, when the file is sent in one."
)


@router.post(
    "",
    status_code=202,
    operation_id="importFile",
    summary="Importer un fichier",
    response_model=ImportResource,
    responses=problem_responses("malformed-form"),
    openapi_extra={"requestBody": {"content": {NDJSON_MEDIA_TYPE: NDJSON_BODY}}},
)
async def post_import(
    body: Annotated[ImportRequest, Form(media_type="multipart/form-data")],
    authorised: WriteAccess,
    idempotency_key: IdempotencyKey = None,
    kind: Annotated[ImportKind | None, Query(description="Avec `application/x-ndjson` seulement.")] = None,
    dry_run: Annotated[bool | None, Query(description="Avec `application/x-ndjson` seulement.")] = None,
) -> Response:
    """Chaque rôle importe ce qu’il écrit aussi une ligne à la fois, par les mêmes règles : chaque ligne est importée
    entière, ou rejetée avec ses motifs ; recommencer ne change rien de plus. Le fichier est gardé le temps de l’import,
    que GET /v1/imports/{id} permet de suivre ; c’est une seule demande, quel que soit le nombre de ses lignes.

    Les colonnes d’un tableur sont les champs de cette API (`conum_id`, `employer.siret`), ou les intitulés des systèmes
    voisins. En `application/x-ndjson`, un objet JSON par ligne, `kind` et `dry_run` dans l’adresse : un champ inconnu
    rejette sa ligne, null efface, un champ absent reste.
    """
    is_ndjson = body.file.filename is None  # a file of a form has a name
    for name, value in (("kind", kind), ("dry_run", dry_run)):
        if value is not None and not is_ndjson:
            raise invalid_parameter(name, IN_THE_FORM)
    check_may_import(authorised, body.kind)
    content = await body.file.read()
    if len(content) > MAX_FILE_BYTES:
        raise Problem("payload-too-large", UPLOAD_BODY.too_large)
    file = SentFile(body.kind, content, body.dry_run, is_ndjson)
    render = resource_renderer(
        authorised, partial(import_resource, authorised), status=202, location="/v1/imports/{id}"
    )
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), _fingerprint(file))
    return to_response(await authorised.run_heavy_work(lambda: request_import(authorised.database, file, context)))


def _fingerprint(file: SentFile) -> Fingerprint:
    model = NdjsonFingerprint if file.is_ndjson else Fingerprint
    return model(kind=file.kind, dry_run=file.dry_run, digest=sha256(file.content).hexdigest())


@router.get(
    "",
    operation_id="listImports",
    summary="Lister les imports",
    response_model=page_model(ImportResource),
)
async def list_imports(
    authorised: ReadAccess,
    paging: UnversionedPaging,
    kind: ImportKind | None = None,
    status: Annotated[ImportStatus | None, Query(description="Où en est l’import.")] = None,
) -> Response:
    """Les vôtres, dans l’ordre de leur envoi ; un administrateur les voit tous. Ils sont gardés sept jours."""
    filters = equality_filters(client_id=asker(authorised), kind=kind, status=status)
    return await paging.respond(authorised, imports.list_page, filters, partial(import_resource, authorised))


@router.get(
    "/{import_id}",
    operation_id="getImport",
    summary="Suivre un import",
    response_model=ImportResource,
)
async def get_import(import_id: Id, authorised: ReadAccess) -> Response:
    """Les lignes comptées jusqu’ici ; `done` ou `failed` à la fin. Qui ne l’a pas envoyé ne le trouve pas."""
    row = found(await imports.read(authorised.reader, import_id, asker(authorised)), NOT_FOUND)
    return json_response(import_resource(authorised, row), authorised.language)


@router.get(
    "/{import_id}/rejects",
    operation_id="downloadRejects",
    summary="Lire les lignes rejetées",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": REJECTS_SCHEMA}}}},
)
async def get_rejects(import_id: Id, authorised: ReadAccess) -> Response:
    """Un CSV que les tableurs ouvrent : le numéro de la ligne, la colonne, le motif en français, puis les cellules
    telles qu’elles étaient, ou l’objet JSON. Corrigé, il s’importe tel quel."""
    content = await authorised.run_heavy_work(
        lambda: rejected_import_lines.read_file(authorised.reader, import_id, asker(authorised))
    )
    if content is None:
        raise Problem("not-found", NO_REJECTED_LINES)
    headers = {
        **language_headers(authorised.language),
        "Cache-Control": PRIVATE_NO_CACHE,
        "Content-Disposition": f'attachment; filename="{import_id}.rejects.csv"',
    }
    return await authorised.audit_read(
        Response(content.encode("utf-8-sig"), media_type=CSV_MEDIA_TYPE, headers=headers), import_id
    )
