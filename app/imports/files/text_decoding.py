"""The bytes of a text file as characters, whatever their encoding."""

import codecs
import re

from app.imports.files.spreadsheet import FileRefused
from app.wording.languages import Sentence

UNKNOWN_ENCODING = Sentence(
    fr="Encodage inconnu : enregistrez le fichier en UTF-8 ou en XLSX.",
    en="Unknown encoding: save the file as UTF-8 or XLSX.",
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDECODED_BYTES = re.compile("[\udc80-\udcff]")
_NON_ASCII_CHARACTERS = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
# The first bytes of a UTF-8 character at the end of the file; no Windows-1252 text ends so.
_TRUNCATED_CHARACTER = re.compile(rb"([\xc2-\xdf]|[\xe0-\xf4][\x80-\xbf]{1,2})\Z")
# French accents of Mac OS Roman and DOS read as Windows-1252, where no French text has these characters: `ZoŽ`, `Zo‚`.
_MISREAD = re.compile(
    r"(?<=[^\W\d_])[‚ƒˆ‰]|(?<=[^\W\d_])[„…‡“”•™‹Œ](?=[^\W\d_])"
    r"|(?<=[a-z])[ŽŠŸÕ]|(?<=[^\W\d_])[ŽŠŸÕ](?=[a-z])"
)
_ACCENTS = re.compile("[àâçéèêëîïôùûÀÂÇÉÈÊËÎÏÔÙÛ]")


def decode_text(content: bytes) -> str:
    """UTF-8 and UTF-16, with or without a byte order mark; else Windows-1252, which old spreadsheets write.

    In UTF-8, a byte that can't be decoded becomes a lone surrogate, so that its line is rejected. Raise FileRefused.
    """
    encoding = _declared_encoding(content)
    if encoding.startswith(("utf-16", "utf-32")):
        return _decode_strictly(content, encoding)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode(encoding, "surrogateescape")
    is_utf_8 = encoding == "utf-8-sig" or _is_mostly_utf8(text) or _TRUNCATED_CHARACTER.search(content[-3:])
    return text if is_utf_8 else _decode_windows_1252(content)


def _declared_encoding(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    beginning = content[:200]
    if 4 * beginning.count(b"\x00") > len(beginning):
        return "utf-16-be" if beginning[:1] == b"\x00" else "utf-16-le"
    return "utf-8"


def _is_mostly_utf8(text: str) -> bool:
    """Whether well-encoded characters outnumber the undecoded bytes: by chance, hardly any is well encoded."""
    decoded = len(_NON_ASCII_CHARACTERS.findall(text))
    return decoded > 0 and decoded >= len(_UNDECODED_BYTES.findall(text))


def _decode_windows_1252(content: bytes) -> str:
    """Raise FileRefused, also for a text that only happens to decode as Windows-1252."""
    text = _decode_strictly(content, "cp1252")
    if len(_MISREAD.findall(text)) > len(_ACCENTS.findall(text)):
        raise FileRefused("unknown-encoding", UNKNOWN_ENCODING)
    return text


def _decode_strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise FileRefused("unknown-encoding", UNKNOWN_ENCODING) from None
