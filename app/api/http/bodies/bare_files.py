"""A file that is the whole body, its form written in the query: what a program sends more easily than a form."""

from io import BytesIO

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import Request

from app.api.http.problems.problem_details import invalid_parameter
from app.wording.languages import Sentence

NDJSON_MEDIA_TYPE = "application/x-ndjson"
KIND = "kind"
KIND_REQUIRED = Sentence(fr="Requis dans l’adresse.", en="Required in the address.")


def is_bare_file(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == NDJSON_MEDIA_TYPE


async def form_of_bare_file(request: Request) -> FormData:
    """The form that would say the same: the parameters of the query, and the body as its `file`. Raise Problem."""
    if KIND not in request.query_params:
        raise invalid_parameter(KIND, KIND_REQUIRED)
    file = UploadFile(BytesIO(await request.body()), headers=Headers({"content-type": NDJSON_MEDIA_TYPE}))
    return FormData([*request.query_params.multi_items(), ("file", file)])
