"""/v1/imports: spreadsheets, stored here and imported by the worker."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Form, UploadFile
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import (
    PRIVATE_NO_CACHE,
    json_response,
    resource_fields,
    to_response,
)
from app.api.http.bodies.limited_body import UPLOAD_BODY
from app.api.http.bodies.resource_responses import found, resource_renderer
from app.api.http.fields import field_types
from app.api.http.fields.field_types import MAX_DISPLAY_TEXT_LENGTH, Count, DisplayText, Id, Uri
from app.api.http.language_negotiation import language_headers
from app.api.http.problems.problem_details import Code, Problem
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.import_kind import ImportKind
from app.persistence.administration.imports import MAX_FILE_BYTES, ImportStatus
from app.persistence.engine.driver_types import Row
from app.use_cases.administration.request_import import request_import
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/imports", tags=["Imports"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.IMPORTS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.IMPORTS_WRITE))]

MAX_COLUMNS = 200
CSV_MEDIA_TYPE = "text/csv; charset=utf-8"
REJECTS_SCHEMA: dict[str, Any] = {
    "type": "string",
    "maxLength": MAX_FILE_BYTES * 10,
    "pattern": r"^\uFEFFLigne rejetée;",
}
NO_REJECTED_LINES = Sentence(fr="Aucune ligne n’a été rejetée, ou pas encore.", en="No line was rejected, or not yet.")


class ImportRequest(field_types.RequestBody):
    """Un tableur CSV ou XLSX d’au plus 10 Mio et 50 000 lignes, et ce que sont ses lignes."""

    kind: ImportKind
    file: Annotated[
        UploadFile,
        Field(
            description="Le tableur ; son nom et son type déclaré ne comptent pas.",
            json_schema_extra={"format": "binary", "maxLength": MAX_FILE_BYTES},
        ),
    ]
    dry_run: Annotated[bool, Field(description="Tout vérifier, ne rien écrire.")] = False


class Fingerprint(field_types.RequestBody):
    """Two requests with the same fingerprint are the same: `digest` is the SHA-256 of the file, in hexadecimal."""

    kind: ImportKind
    dry_run: bool
    digest: str


class ImportFailure(TypedDict):
    """Pourquoi le fichier entier n’a pas pu être lu, ou l’import achevé."""

    code: Code
    detail: DisplayText


class ImportResource(TypedDict):
    """Un import : `imported`, `unchanged` et `rejected` comptent des lignes parmi les `read` lues. `rejects_url` mène
    aux lignes rejetées, chacune avec son motif, pendant sept jours."""

    id: UUID
    kind: ImportKind
    dry_run: bool
    status: ImportStatus
    suspect_columns: Annotated[
        list[DisplayText],
        Field(
            max_length=MAX_COLUMNS,
            description="À voir d’abord : des colonnes ignorées, celles qui semblent pourtant des dates de formation, "
            "des adresses électroniques, des identifiants ou des SIRET.",
        ),
    ]
    read: Count
    imported: Count
    unchanged: Count
    rejected: Count
    rejects_url: Uri | None
    ignored_columns: Annotated[
        list[DisplayText],
        Field(max_length=MAX_COLUMNS, description="Les intitulés qui ne veulent rien dire ici."),
    ]
    failure: ImportFailure | None
    created_at: datetime
    finished_at: datetime | None


def _import_resource(authorised: AuthorisedRequest, row: Row) -> dict[str, Any]:
    address = f"{authorised.service.base_url}/v1/imports/{row['id']}/rejects"
    return resource_fields(row, ImportResource) | {
        "rejects_url": address if row["has_rejects"] else None,
        "failure": _import_failure(orjson.loads(row["failure"]), authorised) if row["failure"] else None,
    }


def _import_failure(stored: Mapping[str, str], authorised: AuthorisedRequest) -> ImportFailure:
    return {"code": stored["code"], "detail": stored[authorised.language][:MAX_DISPLAY_TEXT_LENGTH]}


@router.post(
    "",
    status_code=202,
    operation_id="importFile",
    summary="Importer un tableur",
    response_model=ImportResource,
    responses=problem_responses("malformed-form"),
)
async def post_import(
    body: Annotated[ImportRequest, Form(media_type="multipart/form-data")],
    authorised: WriteAccess,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Le fichier est gardé le temps de l’import, que GET /v1/imports/{id} permet de suivre. Chaque ligne est importée
    entière, par les règles de cette API, ou rejetée avec ses motifs ; recommencer ne change rien de plus. Les colonnes
    sont les champs de cette API (`conum_id`, `employer.siret`), ou les intitulés des systèmes voisins."""
    content = await body.file.read()
    if len(content) > MAX_FILE_BYTES:
        raise Problem("payload-too-large", UPLOAD_BODY.too_large)
    digest = sha256(content).hexdigest()
    fingerprint = Fingerprint(kind=body.kind, dry_run=body.dry_run, digest=digest)
    to_resource = partial(_import_resource, authorised)
    render = resource_renderer(authorised, to_resource, status=202, location="/v1/imports/{id}")
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), fingerprint)
    store_import = partial(request_import, authorised.database, body.kind, content, context, dry_run=body.dry_run)
    return to_response(await authorised.run_heavy_work(store_import))


@router.get(
    "/{import_id}",
    operation_id="getImport",
    summary="Suivre un import",
    response_model=ImportResource,
)
async def get_import(import_id: Id, authorised: ReadAccess) -> Response:
    """Les lignes comptées jusqu’ici ; `done` ou `failed` à la fin."""
    row = found(await imports.read(authorised.reader, import_id))
    return json_response(_import_resource(authorised, row), authorised.language)


@router.get(
    "/{import_id}/rejects",
    operation_id="downloadRejects",
    summary="Lire les lignes rejetées",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": REJECTS_SCHEMA}}}},
)
async def get_rejects(import_id: Id, authorised: ReadAccess) -> Response:
    """Un CSV que les tableurs ouvrent : le numéro de la ligne, la colonne, le motif en français, puis les cellules
    telles qu’elles étaient. Corrigé, il s’importe tel quel."""
    content = await authorised.run_heavy_work(lambda: rejected_import_lines.read_file(authorised.reader, import_id))
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
