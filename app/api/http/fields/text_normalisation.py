"""Text in one Unicode form, without invisible characters."""

from unicodedata import category, normalize

REPLACEMENT_CHARACTER = "\ufffd"  # stands for a character that could not be decoded
MAX_NAME_LENGTH = 100  # characters of a name, as a response repeats it


def normalise_text(text: str) -> str:
    """The text in NFC, without format characters (zero-width, direction marks, soft hyphens) and surrounding spaces."""
    if text.isascii():
        return text.strip()
    composed = normalize("NFC", text)
    return "".join(letter for letter in composed if category(letter) != "Cf").strip()


def printable_name(name: str) -> str:
    """A name that a client sent, short and printable, as a response may repeat it."""
    return "".join(
        character if character.isprintable() else REPLACEMENT_CHARACTER for character in name[:MAX_NAME_LENGTH]
    )
