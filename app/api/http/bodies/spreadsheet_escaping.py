"""Cells that no spreadsheet computes, whoever filled them, and which are found again as they were."""

import re

ESCAPE = "'"

# At the beginning, and after whatever a spreadsheet of other habits could take for the end of a cell before it.
_FORMULA_START = re.compile(r"""(^|[,;|"\t\r\n])(?='*[=+\-@\t\r\n＝＋－＠])""")
_ESCAPED_FORMULA_START = re.compile(r"""(^|[,;|"\t\r\n])'(?='*[=+\-@\t\r\n＝＋－＠])""")


def escape_formulas(cell: str) -> str:
    """With a sign before each part that would be computed."""
    return _FORMULA_START.sub(rf"\1{ESCAPE}", cell)


def unescape_formulas(cell: str) -> str:
    """The cell that was guarded."""
    return _ESCAPED_FORMULA_START.sub(r"\1", cell)
