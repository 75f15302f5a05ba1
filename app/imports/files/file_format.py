"""The format of a file, told by its first bytes: names may be wrong."""

from app.imports.files.csv_file import read_csv_file
from app.imports.files.ndjson_file import begins_with_an_object, read_ndjson_file
from app.imports.files.spreadsheet import FileRefused, IsKnown, Sheet
from app.persistence.administration.imports import MAX_FILE_BYTES
from app.wording.languages import Sentence

ZIP_SIGNATURE = b"PK\x03\x04"
XLS_SIGNATURE = b"\xd0\xcf\x11\xe0"


def read_sheet(content: bytes, is_known: IsKnown, *, is_ndjson: bool = False) -> Sheet:
    """`is_ndjson`: said to have a JSON object on each line. Raise FileRefused."""
    if len(content) > MAX_FILE_BYTES:
        most = MAX_FILE_BYTES // 1024 // 1024
        message = Sentence(fr=f"Un fichier compte au plus {most} Mio.", en=f"A file has at most {most} MiB.")
        raise FileRefused("too-large", message)
    if is_ndjson or begins_with_an_object(content):
        return read_ndjson_file(content)
    if content.startswith(XLS_SIGNATURE):
        message = Sentence(
            fr="Ce classeur est d’un ancien format, ou protégé par un mot de passe : enregistrez-le en XLSX, sans lui.",
            en="This workbook is of an old format, or protected by a password: save it as XLSX, without it.",
        )
        raise FileRefused("old-workbook", message)
    return _read_workbook(content, is_known) if content.startswith(ZIP_SIGNATURE) else read_csv_file(content, is_known)


def _read_workbook(content: bytes, is_known: IsKnown) -> Sheet:
    from app.imports.files.xlsx_file import read_workbook  # noqa: PLC0415  # longer to import than most files to read

    return read_workbook(content, is_known)
