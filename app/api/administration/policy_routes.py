"""/v1/policies: the numbers and dates of the rules. A version is tried by a dry run before it is added."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response

from app.api.administration.policy_dry_run_resources import DryRunResource, dry_run_resource
from app.api.administration.policy_requests import PolicyRequest
from app.api.administration.policy_resources import PolicyResource, policy_resource
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, resource_response, to_response
from app.api.http.bodies.resource_responses import found, no_response, resource_renderer
from app.api.http.pagination import UnversionedPaging
from app.api.http.request_headers import IdempotencyKey, IfNoneMatch, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.administration import policies
from app.use_cases.administration.add_policy import add_policy, dry_run_policy
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/policies", tags=["Politique"], route_class=StrictRoute)


class VersionConvertor(StringConvertor):
    """The name of a version in a path: a day."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


register_url_convertor("version", VersionConvertor())

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.POLICIES_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.POLICIES_WRITE))]
VersionPath = Annotated[
    str,
    Path(max_length=10, pattern=f"^{VersionConvertor.regex}$", description="Son entrée en vigueur, AAAA-MM-JJ."),
]

DRY_RUN_SECONDS = 60.0  # the file of every adviser with an open registration is read

NOT_FOUND = Sentence(
    fr="Aucune version de la politique n’entre en vigueur ce jour-là.",
    en="No version of the policy takes effect on that day.",
)


@router.get(
    "",
    operation_id="listPolicies",
    summary="Lister les versions de la politique",
    response_model=page_model(PolicyResource),
)
async def list_policies(authorised: ReadAccess, paging: UnversionedPaging) -> Response:
    """Dans l’ordre de leur entrée en vigueur. Celle du premier jour de la session décide d’une inscription."""
    return await paging.respond(authorised, policies.list_page, [], policy_resource)


@router.post(
    "",
    status_code=201,
    operation_id="addPolicy",
    summary="Ajouter une version de la politique",
    response_model=PolicyResource,
    responses=problem_responses("policy-exists"),
)
async def post_policy(body: PolicyRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None) -> Response:
    """Essayez-la d’abord par `POST /v1/policies/dry-run`. Une version ne se change ni ne se retire : une correction est
    une autre version.

    Rien de ce qui est décidé n’est décidé de nouveau : chaque décision garde sa version. Les décisions suivantes, sur
    les sessions de sa période, la lisent aussitôt.
    """
    render = resource_renderer(authorised, policy_resource, status=201, location="/v1/policies/{version}")
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await add_policy(authorised.database, body.to_policy(), context))


@router.post(
    "/dry-run",
    operation_id="tryPolicy",
    summary="Essayer une version de la politique",
    response_model=DryRunResource,
    responses=problem_responses("policy-exists"),
)
async def try_policy_version(request: Request, body: PolicyRequest, authorised: WriteAccess) -> Response:
    """Quelles inscriptions ouvertes seraient décidées autrement, pourquoi, et combien de personnes et de droits cela
    concerne, par département et par organisme. Rien n’est enregistré, personne n’est prévenu.

    Sont ouvertes celles dont la session n’a pas commencé : acceptées, en attente de choix, et refusées, telles que
    leur réexamen les déciderait. Tous leurs droits sont d’abord rendus ; puis chacune est décidée, dans l’ordre de
    création.
    """
    request.scope["time_limit"].reschedule(asyncio.get_running_loop().time() + DRY_RUN_SECONDS)
    context = authorised.request_context(no_response)
    differences = await authorised.run_heavy_work(
        lambda: dry_run_policy(authorised.database, body.to_policy(), context)
    )
    # A dry run is in the audit log even when nobody is concerned.
    await authorised.service.audit_log.write(
        authorised.audit_entry, (difference.adviser_id for difference in differences)
    )
    return json_response(dry_run_resource(differences, authorised.language), authorised.language)


@router.get(
    "/{version:version}",  # `dry-run` is no version
    operation_id="getPolicy",
    summary="Lire une version de la politique",
    response_model=PolicyResource,
)
async def get_policy(version: VersionPath, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """Celle que nomment les décisions (`policy_version`)."""
    row = found(await policies.read(authorised.reader, version), NOT_FOUND)
    return resource_response(policy_resource(row), authorised.language, if_none_match)
