"""The columns that name an adviser, in every kind of file."""

from app.imports.columns import heading_aliases
from app.imports.columns.cell_parsers import email, identifier, whole_number
from app.imports.columns.column_recognition import Column
from app.imports.files.cell_content import read_text

CONUM_ID = Column("conum_id", whole_number, heading_aliases.CONUM_ID, empty_keeps_known=True)
FIRST_NAME = Column("first_name", read_text, heading_aliases.FIRST_NAME, empty_keeps_known=True)
LAST_NAME = Column("last_name", read_text, heading_aliases.LAST_NAME, empty_keeps_known=True)
EMAIL = Column(
    "email",
    email,
    heading_aliases.EMAIL,
    empty_keeps_known=True,
    preferred_headings=heading_aliases.EMAIL_AT_WORK,
    fallback_headings=heading_aliases.EMAIL_FALLBACK,
)
# How a line names a known adviser. The name itself is never changed by it, and may show that it is another person.
PERSON_COLUMNS = (
    Column("adviser_id", identifier, ("Id Coop", "coop_utilisateur_id"), empty_keeps_known=True),
    CONUM_ID,
    FIRST_NAME,
    LAST_NAME,
    EMAIL,
)
