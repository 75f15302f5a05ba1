"""Forms with a file: complete, and without repeated fields."""

from collections import Counter
from collections.abc import AsyncGenerator

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from app.api.http.fields.text_normalisation import printable_name
from app.api.http.problems.problem_details import Problem, field_error, json_pointer
from app.wording.languages import Sentence

INCOMPLETE_FORM = Sentence(
    fr="Le corps n’est pas un formulaire multipart/form-data entier : il finit par « --frontière-- », et rien ne suit.",
    en="The body is not a complete multipart/form-data form: it ends with “--boundary--”, which nothing follows.",
)
NOT_UTF_8 = Sentence(
    fr="Un formulaire est en UTF-8 : envoyez-le sans charset, ou avec charset=utf-8.",
    en="A form is in UTF-8: send it without a charset, or with charset=utf-8.",
)
UTF_8 = b"utf-8"
FIELD_REPEATED = Sentence(fr="Donné deux fois ; donnez-le une fois.", en="Given twice; give it once.")


class _CompleteFormParser(MultiPartParser):
    """The framework's parser accepts a form that is cut short, and ignores what follows its end: a `dry_run` there
    would be neither obeyed nor refused."""

    has_ended = False

    async def parse(self) -> FormData:
        self.stream = self._until_complete(self.stream)
        return await super().parse()

    def on_end(self) -> None:
        self.has_ended = True

    async def _until_complete(self, stream: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        end = b"\r\n--" + _content_type_options(self.headers)[b"boundary"] + b"--"
        read = b"\r\n"  # a form without fields begins with its end
        async for chunk in stream:
            read += chunk
            yield chunk
            if not self.has_ended:
                read = read[-len(end) :]
                continue
            if read.partition(end)[2].strip():
                raise MultiPartException("something follows the end")
            read = end
        if not self.has_ended:
            raise MultiPartException("cut short")


def _content_type_options(headers: Headers) -> dict[bytes, bytes]:
    """The options of the content type: `boundary`, `charset`."""
    return parse_options_header(headers.get("Content-Type", ""))[1]


async def read_complete_form(request: Request) -> FormData:
    """The caller closes it. Raise Problem when it is cut short, since its last field may change what it means, and when
    a field is repeated."""
    options = _content_type_options(request.headers)
    if b"boundary" not in options:
        if await request.body():
            raise Problem("malformed-form", INCOMPLETE_FORM)
        return FormData()  # an empty form
    if options.get(b"charset", UTF_8).lower() != UTF_8:
        raise Problem("malformed-form", NOT_UTF_8)
    try:
        form = await _CompleteFormParser(request.headers, request.stream()).parse()
    except MultiPartException:
        raise Problem("malformed-form", INCOMPLETE_FORM) from None
    repeated = [name for name, times in Counter(name for name, _ in form.multi_items()).items() if times > 1]
    if repeated:
        await form.close()
        raise _repeated_fields(repeated)
    return form


def _repeated_fields(repeated: list[str]) -> Problem:
    names = ", ".join(printable_name(name) for name in repeated)
    said = Sentence(fr=f"Champs donnés deux fois : {names}.", en=f"Fields given twice: {names}.")
    return Problem(
        "validation-error", said, [field_error(json_pointer(name), "given-twice", FIELD_REPEATED) for name in repeated]
    )
