"""A table as the response to a GET: CSV or XLSX, as `Accept` says, as a file with a name."""

import asyncio
from typing import Any

from starlette.responses import Response

from app.api.http.bodies.files import FILE_NAME_HEADER, MAX_FILE_BYTES, file_response
from app.api.http.bodies.media_types import CSV, XLSX, negotiated
from app.api.http.bodies.tables.csv_table import write_csv
from app.api.http.bodies.tables.table import Table
from app.api.http.request_headers import JSON_MEDIA_TYPE

LIST_MEDIA_TYPES = (JSON_MEDIA_TYPE, CSV, XLSX)
MAX_TABLE_ROWS = 5_000  # of one file: a workbook of twenty columns takes a second and a half of processor

# For the `responses` of a route, beside its JSON.
TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {"Content-Disposition": FILE_NAME_HEADER},
        "content": {
            CSV: {"schema": {"type": "string", "maxLength": MAX_FILE_BYTES, "pattern": "^[^;\r\n]+(;[^;\r\n]+)*\r\n"}},
            XLSX: {"schema": {"type": "string", "maxLength": MAX_FILE_BYTES, "format": "binary"}},
        },
    }
}

_ENDINGS = {CSV: "csv", XLSX: "xlsx"}
_CONTENT_TYPES = {CSV: f"{CSV}; charset=utf-8; header=present", XLSX: XLSX}


async def table_response(table: Table, media_type: str) -> Response:
    """In French. Written in a thread: whoever else asks need not wait for a long table."""
    content = await asyncio.to_thread(_written, table, media_type)
    name = f"{table.name}.{_ENDINGS[media_type]}"
    return negotiated(file_response(content, _CONTENT_TYPES[media_type], name))


def _written(table: Table, media_type: str) -> bytes:
    if media_type == CSV:
        return write_csv(table)
    from app.api.http.bodies.tables.xlsx_table import write_xlsx  # noqa: PLC0415  # of no use until somebody asks

    return write_xlsx(table)
