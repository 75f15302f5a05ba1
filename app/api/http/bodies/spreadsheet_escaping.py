"""Cells that no spreadsheet computes, whoever filled them, and which are found again as they were."""

import re

GUARD = "'"

# At the beginning, and after whatever a spreadsheet of other habits could take for the end of a cell before it.
_COMPUTED = re.compile(r"""(^|[,;|"\t\r\n])(?='*[=+\-@\t\r\n＝＋－＠])""")
_GUARDED = re.compile(r"""(^|[,;|"\t\r\n])'(?='*[=+\-@\t\r\n＝＋－＠])""")


def guarded(cell: str) -> str:
    """With a sign before each part that would be computed."""
    return _COMPUTED.sub(rf"\1{GUARD}", cell)


def unguarded(cell: str) -> str:
    """The cell that was guarded."""
    return _GUARDED.sub(r"\1", cell)
