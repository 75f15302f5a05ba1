"""/v1/imports: spreadsheets left here, and carried out by the worker."""

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

from app.api.http.bodies.json_responses import PRIVATE, answer_of, picked, said
from app.api.http.fields import field_types
from app.api.http.fields.field_types import LONGEST_SAID, Address, Count, Id, Said
from app.api.http.language_negotiation import spoken
from app.api.http.problems.problem_details import Code, Problem
from app.api.http.request_headers import IdempotencyKey, answered, checked_key
from app.api.http.routing import UPLOAD, Route, problems
from app.api.identity.authorisation import Asking, Needs, Scope
from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.imports import LARGEST_FILE, ImportKind, ImportStatus
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Missing
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.administration.request_import import ask_for_import
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/imports", tags=["Imports"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.IMPORTS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.IMPORTS_WRITE))]

MOST_COLUMNS = 200
CSV = "text/csv; charset=utf-8"
REJECTS: dict[str, Any] = {"type": "string", "maxLength": LARGEST_FILE * 10, "pattern": r"^\uFEFFLigne rejetée;"}
NO_REJECTS = Sentence(fr="Aucune ligne n’a été rejetée, ou pas encore.", en="No line was rejected, or not yet.")


class ImportRequest(field_types.Body):
    """Un tableur CSV ou XLSX d’au plus 10 Mio et 50 000 lignes, et ce que sont ses lignes."""

    kind: ImportKind
    file: Annotated[
        UploadFile,
        Field(
            description="Le tableur ; son nom et son type déclaré ne comptent pas.",
            json_schema_extra={"format": "binary", "maxLength": LARGEST_FILE},
        ),
    ]
    dry_run: Annotated[bool, Field(description="Tout vérifier, ne rien écrire.")] = False


class Fingerprint(field_types.Body):
    """What makes two requests the same."""

    kind: ImportKind
    dry_run: bool
    digest: str


class ImportFailure(TypedDict):
    """Pourquoi le fichier entier n’a pas pu être lu, ou l’import achevé."""

    code: Code
    detail: Said


class ImportResource(TypedDict):
    """Un import : `imported`, `unchanged` et `rejected` comptent des lignes parmi les `read` lues. `rejects_url` mène
    aux lignes rejetées, chacune avec son motif, pendant sept jours."""

    id: UUID
    kind: ImportKind
    dry_run: bool
    status: ImportStatus
    suspect_columns: Annotated[
        list[Said],
        Field(
            max_length=MOST_COLUMNS,
            description="À voir d’abord : des colonnes ignorées, celles qui semblent pourtant des dates de formation, "
            "des adresses électroniques, des identifiants ou des SIRET.",
        ),
    ]
    read: Count
    imported: Count
    unchanged: Count
    rejected: Count
    rejects_url: Address | None
    ignored_columns: Annotated[
        list[Said],
        Field(max_length=MOST_COLUMNS, description="Les intitulés qui ne veulent rien dire ici."),
    ]
    failure: ImportFailure | None
    created_at: datetime
    finished_at: datetime | None


def _resource(row: Row, asking: Asking) -> dict[str, Any]:
    address = f"{asking.service.base_url}/v1/imports/{row['id']}/rejects"
    return picked(row, ImportResource) | {
        "rejects_url": address if row["has_rejects"] else None,
        "failure": _failure(orjson.loads(row["failure"]), asking) if row["failure"] else None,
    }


def _failure(stored: Mapping[str, str], asking: Asking) -> ImportFailure:
    return {"code": stored["code"], "detail": stored[asking.language][:LONGEST_SAID]}


@router.post(
    "",
    status_code=202,
    operation_id="importFile",
    summary="Importer un tableur",
    response_model=ImportResource,
    responses=problems("malformed-form"),
)
async def post_import(
    body: Annotated[ImportRequest, Form(media_type="multipart/form-data")],
    asking: Writing,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Le fichier est gardé le temps de l’import, que GET /v1/imports/{id} permet de suivre. Chaque ligne est importée
    entière, par les règles de cette API, ou rejetée avec ses motifs ; recommencer ne change rien de plus. Les colonnes
    sont les champs de cette API (`conum_id`, `employer.siret`), ou les intitulés des systèmes voisins."""

    def worded(row: Row) -> Answer:
        location = f"{asking.service.base_url}/v1/imports/{row['id']}"
        return answer_of(_resource(row, asking), asking.language, status=202, location=location)

    content = await body.file.read()
    if len(content) > LARGEST_FILE:
        raise Problem("payload-too-large", UPLOAD.too_large)
    digest = sha256(content).hexdigest()
    same = Fingerprint(kind=body.kind, dry_run=body.dry_run, digest=digest)
    asked = asking.asked(worded, checked_key(idempotency_key), same)
    left = partial(ask_for_import, asking.database, body.kind, content, asked, dry_run=body.dry_run)
    return answered(await asking.heavy(left))


@router.get(
    "/{import_id}",
    operation_id="getImport",
    summary="Suivre un import",
    response_model=ImportResource,
)
async def get_import(import_id: Id, asking: Reading) -> Response:
    """Les lignes comptées jusqu’ici ; `done` ou `failed` à la fin."""
    row = await imports.read(asking.reader, import_id)
    if row is None:
        raise Missing("import")
    return said(_resource(row, asking), asking.language)


@router.get(
    "/{import_id}/rejects",
    operation_id="downloadRejects",
    summary="Lire les lignes rejetées",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": REJECTS}}}},
)
async def get_rejects(import_id: Id, asking: Reading) -> Response:
    """Un CSV que les tableurs ouvrent : le numéro de la ligne, la colonne, le motif en français, puis les cellules
    telles qu’elles étaient. Corrigé, il s’importe tel quel."""
    content = await asking.heavy(lambda: rejected_import_lines.read_file(asking.reader, import_id))
    if content is None:
        raise Problem("not-found", NO_REJECTS)
    headers = {
        **spoken(asking.language),
        "Cache-Control": PRIVATE,
        "Content-Disposition": f'attachment; filename="{import_id}.rejects.csv"',
    }
    return await asking.showing(Response(content.encode("utf-8-sig"), media_type=CSV, headers=headers), import_id)
