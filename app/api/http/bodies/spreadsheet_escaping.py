"""Cells that no spreadsheet evaluates as formulas, and that can be read back unchanged."""

import re

ESCAPE = "'"

# At the beginning, and after anything that some spreadsheets take for the end of a cell.
_FORMULA_START = re.compile(r"""(^|[,;|"\t\r\n])(?='*[=+\-@\t\r\n＝＋－＠])""")
_ESCAPED_FORMULA_START = re.compile(r"""(^|[,;|"\t\r\n])'(?='*[=+\-@\t\r\n＝＋－＠])""")


def escape_formulas(cell: str) -> str:
    """The cell with ESCAPE before each part that would be evaluated."""
    return _FORMULA_START.sub(rf"\1{ESCAPE}", cell)


def unescape_formulas(cell: str) -> str:
    """The cell as it was before `escape_formulas`."""
    return _ESCAPED_FORMULA_START.sub(r"\1", cell)
