"""Characters that XML forbids: with one of them, no reader shows the rest of a page or of a workbook."""

import re

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def without_forbidden_characters(text: str) -> str:
    """The text, U+FFFD in the place of each; its own type is kept, markup for instance."""
    return type(text)(_FORBIDDEN.sub("\ufffd", text)) if _FORBIDDEN.search(text) else text
