"""E-mail addresses, checked in the same way where they are taken in and where they are written to.

Only the plain form of RFC 5321: no display name, no quotation marks, no IP address in brackets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import category

import idna

from app.wording.languages import Sentence

MAX_ADDRESS_LENGTH, MAX_LOCAL_PART_LENGTH, MAX_LABEL_LENGTH = 254, 64, 63
MAX_SHOWN = 3
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_LOCAL_PART_CHARACTERS = _LETTERS | frozenset("!#$%&'*+-/=?^_`{|}~.")
_DOMAIN_CHARACTERS = _LETTERS | frozenset("-.")
_ENCODED_WORD = "=?"  # what follows is decoded by whoever reads a header (RFC 2047)

SPACE = Sentence(fr="espace", en="space")
TOO_LONG = Sentence(fr="Une adresse compte au plus 254 caractères.", en="An address has at most 254 characters.")
NO_AT = Sentence(
    fr="Doit être une adresse électronique, comme nom@exemple.fr.",
    en="Must be an e-mail address, like name@example.org.",
)
SEVERAL_ADDRESSES = Sentence(
    fr="Une seule adresse est attendue, et un seul « @ ».", en="Only one address is expected, and only one “@”."
)
MISPLACED_DOT = Sentence(
    fr="Un point de trop : au début, à la fin, à côté du « @ », ou deux de suite.",
    en="One dot too many: at the beginning, at the end, beside the “@”, or two in a row.",
)
LOCAL_PART_TOO_LONG = Sentence(fr="Au plus 64 caractères avant le « @ ».", en="At most 64 characters before the “@”.")
NO_DOMAIN = Sentence(
    fr="Après le « @ », un nom de domaine entier, comme exemple.fr.",
    en="After the “@”, a whole domain name, like example.org.",
)
INVALID_DOMAIN_LABEL = Sentence(
    fr="Entre deux points d’un nom de domaine : de 1 à 63 caractères, sans trait d’union au début ni à la fin.",
    en="Between two dots of a domain name: 1 to 63 characters, without a hyphen at the beginning or at the end.",
)
INVALID_DOMAIN = Sentence(
    fr="Aucun nom de domaine ne s’écrit ainsi après le « @ ».", en="No domain name is written like this after the “@”."
)


class InvalidEmailAddress(Exception):  # noqa: N818  # an answer to whoever wrote the address
    """No e-mail can be sent to the address; `reason` says why."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason.fr)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The two parts of an address, the `domain` in ASCII (IDNA)."""

    local: str
    domain: str


def parse_mailbox(address: str, *, allow_non_ascii: bool = False) -> Mailbox:
    """`allow_non_ascii` takes a local part that not every mail server carries (RFC 6531).

    Raise InvalidEmailAddress.
    """
    local, at, domain = address.rpartition("@")
    if not at or "@" in local:
        raise InvalidEmailAddress(SEVERAL_ADDRESSES if at else NO_AT)
    if error := _local_part_error(local, allow_non_ascii=allow_non_ascii) or _domain_error(domain):
        raise InvalidEmailAddress(error)
    mailbox = Mailbox(local, _to_ascii(domain))
    if len(f"{mailbox.local}@{mailbox.domain}") > MAX_ADDRESS_LENGTH:
        raise InvalidEmailAddress(TOO_LONG)
    return mailbox


def _local_part_error(local: str, *, allow_non_ascii: bool) -> Sentence | None:
    if error := _forbidden_characters_error(local, _LOCAL_PART_CHARACTERS):
        return error
    if not local.isascii() and not allow_non_ascii:
        return _forbidden_before_at(letter for letter in dict.fromkeys(local) if not letter.isascii())
    if _ENCODED_WORD in local:
        return _forbidden_in_address([_ENCODED_WORD])
    if "" in local.split("."):
        return MISPLACED_DOT if local else NO_AT
    return LOCAL_PART_TOO_LONG if len(local.encode()) > MAX_LOCAL_PART_LENGTH else None


def _domain_error(domain: str) -> Sentence | None:
    if error := _forbidden_characters_error(domain, _DOMAIN_CHARACTERS):
        return error
    labels = domain.split(".")
    if domain and "" in labels:
        return MISPLACED_DOT
    if any(label.startswith("-") or label.endswith("-") or len(label) > MAX_LABEL_LENGTH for label in labels):
        return INVALID_DOMAIN_LABEL
    return NO_DOMAIN if len(labels) == 1 or labels[-1].isdecimal() else None


def _to_ascii(domain: str) -> str:
    """As registries write a name beyond ASCII (IDNA 2008). Raise InvalidEmailAddress."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain.lower()).decode()
    except idna.IDNAError:
        raise InvalidEmailAddress(INVALID_DOMAIN) from None


def _forbidden_characters_error(part: str, allowed: frozenset[str]) -> Sentence | None:
    found = {letter: None for letter in part if not (letter in allowed or _is_foreign_letter(letter))}
    return _forbidden_in_address(found) if found else None


def _is_foreign_letter(character: str) -> bool:
    """A letter, a mark on one, or a digit."""
    return not character.isascii() and category(character)[0] in "LMN"


def _forbidden_in_address(texts: Iterable[str]) -> Sentence:
    shown = _quoted_list(texts)
    return Sentence(
        fr=f"Une adresse ne peut pas contenir {shown['fr']}.", en=f"An address cannot contain {shown['en']}."
    )


def _forbidden_before_at(texts: Iterable[str]) -> Sentence:
    shown = _quoted_list(texts)
    return Sentence(
        fr=f"Avant le « @ », une adresse ne peut pas contenir {shown['fr']}.",
        en=f"Before the “@”, an address cannot contain {shown['en']}.",
    )


def _quoted_list(texts: Iterable[str]) -> dict[str, str]:
    """The first MAX_SHOWN of them in quotation marks, by language."""
    found = [*texts][:MAX_SHOWN]
    return {
        "fr": " ".join(f"« {_visible(text, SPACE.fr)} »" for text in found),
        "en": " ".join(f"“{_visible(text, SPACE.en)}”" for text in found),
    }


def _visible(text: str, space: str) -> str:
    """The text, or the name or number of a character that cannot be seen."""
    if text == " ":
        return space
    return text if text.isprintable() else f"U+{ord(text):04X}"
