"""Imports: what is asked, who may ask it, and what is shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import UploadFile
from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_fields
from app.api.http.fields import field_types
from app.api.http.fields.field_types import MAX_DISPLAY_TEXT_LENGTH, Count, DisplayText, Uri
from app.api.http.problems.problem_details import Code, Problem
from app.api.identity.scopes import Scope
from app.persistence.administration.client_role import Role
from app.persistence.administration.import_kind import ImportKind, ImportStatus
from app.persistence.administration.imports import MAX_FILE_BYTES
from app.persistence.engine.driver_types import Row
from app.wording.languages import Sentence

MAX_COLUMNS = 200

# What the lines of each kind need when they are written one by one.
SCOPES_BY_KIND: Mapping[ImportKind, Scope] = {
    ImportKind.ADVISERS: Scope.ADVISERS_WRITE,
    ImportKind.CONTRACTS: Scope.CONTRACTS_WRITE,
    ImportKind.CERTIFICATIONS: Scope.CERTIFICATIONS_WRITE,
    ImportKind.REGISTRATIONS: Scope.REGISTRATIONS_WRITE,
    ImportKind.SESSIONS: Scope.SESSIONS_WRITE,
    ImportKind.ATTENDANCE: Scope.SESSIONS_WRITE,
}
# Nobody else takes over what happened before this service: no request says it one by one.
KINDS_OF_ADMINISTRATORS = {ImportKind.REGISTRATIONS}


class ImportRequest(field_types.RequestBody):
    """Un fichier CSV, XLSX ou NDJSON d’au plus 10 Mio et 50 000 lignes, et ce que sont ses lignes."""

    kind: ImportKind
    file: Annotated[
        UploadFile,
        Field(
            description="Le fichier ; son nom et son type déclaré ne comptent pas.",
            json_schema_extra={"format": "binary", "maxLength": MAX_FILE_BYTES},
        ),
    ]
    dry_run: Annotated[bool, Field(description="Tout vérifier, ne rien écrire.")] = False


class Fingerprint(field_types.RequestBody):
    """Two requests with the same fingerprint are the same: `digest` is the SHA-256 of the file, in hexadecimal."""

    kind: ImportKind
    dry_run: bool
    digest: str


class NdjsonFingerprint(Fingerprint):
    """Of a file that is said to be NDJSON: the same bytes may be read otherwise."""

    format: Literal["ndjson"] = "ndjson"


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


def import_resource(authorised: AuthorisedRequest, row: Row) -> dict[str, Any]:
    """The shape of ImportResource."""
    address = f"{authorised.service.base_url}/v1/imports/{row['id']}/rejects"
    return resource_fields(row, ImportResource) | {
        "rejects_url": address if row["has_rejects"] else None,
        "failure": _import_failure(orjson.loads(row["failure"]), authorised) if row["failure"] else None,
    }


def _import_failure(stored: Mapping[str, str], authorised: AuthorisedRequest) -> ImportFailure:
    return {"code": stored["code"], "detail": stored[authorised.language][:MAX_DISPLAY_TEXT_LENGTH]}


def asker(authorised: AuthorisedRequest) -> UUID | None:
    """The client whose imports alone exist for this caller; None for an administrator, who sees them all."""
    return None if authorised.client.role is Role.ADMIN else authorised.client.id


def check_may_import(authorised: AuthorisedRequest, kind: ImportKind) -> None:
    """Whoever may write the lines one by one may import them. Raise Problem."""
    if not _may_import(authorised, kind):
        raise Problem("forbidden", _refusal(authorised, kind))


def _may_import(authorised: AuthorisedRequest, kind: ImportKind) -> bool:
    is_administrator = authorised.client.role is Role.ADMIN
    return authorised.has_scope(SCOPES_BY_KIND[kind]) and (is_administrator or kind not in KINDS_OF_ADMINISTRATORS)


def _refusal(authorised: AuthorisedRequest, kind: ImportKind) -> Sentence:
    """What the kind needs, and which kinds the caller may import instead."""
    scope = SCOPES_BY_KIND[kind]
    allowed = ", ".join(each for each in ImportKind if _may_import(authorised, each))
    if kind in KINDS_OF_ADMINISTRATORS:
        return Sentence(
            fr=f"Seule l’administration importe {kind}, avec la portée {scope}. Vous importez : {allowed or 'rien'}.",
            en=f"Administrators alone import {kind}, with the scope {scope}. You may import: {allowed or 'nothing'}.",
        )
    return Sentence(
        fr=f"Importer {kind} demande la portée {scope}, que votre clé n’a pas. Vous importez : {allowed or 'rien'}.",
        en=f"Importing {kind} needs the scope {scope}, which your key has not. You may import: {allowed or 'nothing'}.",
    )
