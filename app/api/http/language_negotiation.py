"""The language of a response: the one that `Accept-Language` asks for (RFC 9110), or French."""

import re
from collections.abc import Mapping
from operator import itemgetter

from app.wording.languages import Language

_TAG = r"(\*|[a-z]{1,8})(?:-[a-z0-9]{1,8})*"
_QUALITY = r"[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)"
_RANGE = re.compile(f"{_TAG}(?:{_QUALITY})?", re.IGNORECASE | re.ASCII)
_HEADERS = {language: {"Content-Language": language.value, "Vary": "Accept-Language"} for language in Language}


def language_headers(language: Language) -> Mapping[str, str]:
    """The headers of a response in that language."""
    return _HEADERS[language]


def etag(version: int | str, language: Language) -> str:
    """A strong validator: the version of a resource, and the language when it is not French."""
    return f'"{version}"' if language is Language.FRENCH else f'"{version}-{language}"'


def negotiate_language(accept_language: str | None) -> Language:
    """The language of the highest quality; of two equals, the one named first. A malformed header is ignored.

    `en-GB` means English; `*` any language that is not named, French first; `q=0` excludes one.
    """
    if accept_language is None or accept_language == Language.FRENCH:
        return Language.FRENCH
    items = [item for part in accept_language.split(",") if (item := part.strip(" \t"))]
    ranges = [found for item in items if (found := _RANGE.fullmatch(item))]
    if len(ranges) < len(items):
        return Language.FRENCH
    wanted = [(float(found[2] or 1), found[1].lower()) for found in ranges]
    named = {name for _, name in wanted}
    for quality, name in sorted(wanted, key=itemgetter(0), reverse=True):
        for language in Language:
            if quality and (language == name or (name == "*" and language not in named)):
                return language
    return Language.FRENCH
