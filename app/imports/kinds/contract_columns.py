"""The columns of contracts, and the words that their cells may use for codes."""

from app.domain.facts.contract import ContractType, LegalForm
from app.imports.columns import heading_aliases
from app.imports.columns.cell_parsers import (
    boolean,
    civil_day,
    code_for_word,
    department,
    ds_number,
    email,
    identifier,
    siret,
)
from app.imports.columns.column_recognition import Column, ColumnSet, ContextualHeading
from app.imports.files.cell_content import fold_text, read_text
from app.imports.files.spreadsheet import Cell
from app.imports.lines.person_columns import PERSON_COLUMNS

CONTRACT_TYPE_WORDS = {
    "CDI": ContractType.CDI,
    "Contrat à durée indéterminée": ContractType.CDI,
    "CDD": ContractType.CDD,
    "Contrat à durée déterminée": ContractType.CDD,
    "PEC": ContractType.PEC,
    "Parcours emploi compétences": ContractType.PEC,
    "CDP": ContractType.CDP,
    "Contrat de projet": ContractType.CDP,
    "contrat_de_projet_public": ContractType.CDP,
}
LEGAL_FORM_WORDS = {
    **dict.fromkeys(("public", "publique", "structure publique"), LegalForm.PUBLIC),
    **dict.fromkeys(("COMMUNE", "DEPARTEMENT", "REGION", "EPCI", "COLLECTIVITE", "GIP"), LegalForm.PUBLIC),
    **dict.fromkeys(("private", "privé", "privée", "structure privée"), LegalForm.PRIVATE),
    **dict.fromkeys(("association", "entreprise"), LegalForm.PRIVATE),
    **dict.fromkeys(("undetermined", "indéterminée", "indéterminé", "inconnu"), LegalForm.UNDETERMINED),
}
_read_legal_form = code_for_word(LEGAL_FORM_WORDS)


def legal_form(cell: Cell) -> str:
    """A legal form, or yes or no under the heading `publique`."""
    if isinstance(cell, bool) or fold_text(read_text(cell)) in {"oui", "non", "true", "false"}:
        return LegalForm.PUBLIC if boolean(cell) else LegalForm.PRIVATE
    return _read_legal_form(cell)


CONTRACT_COLUMNS = ColumnSet(
    Column("id", identifier, ("Id contrat",), empty_keeps_known=True),
    *PERSON_COLUMNS,
    Column("type", code_for_word(CONTRACT_TYPE_WORDS), heading_aliases.CONTRACT_TYPE),
    Column("starts_on", civil_day, heading_aliases.STARTS_ON),
    Column("ends_on", civil_day, heading_aliases.ENDS_ON),
    Column("terminated_on", civil_day, heading_aliases.TERMINATED_ON),
    Column("termination_motive", read_text, heading_aliases.TERMINATION_MOTIVE),
    Column("renews_contract_id", identifier, ("Renouvelle le contrat",), empty_keeps_known=True),
    Column("employer.siret", siret, heading_aliases.SIRET),
    Column("employer.name", read_text, heading_aliases.EMPLOYER_NAME),
    Column("employer.legal_form", legal_form, heading_aliases.LEGAL_FORM),
    Column(
        "employer.department",
        department,
        (*heading_aliases.EMPLOYER_DEPARTMENT, *heading_aliases.DEPARTMENT_CODES),
    ),
    Column("employer.contact_email", email, heading_aliases.EMPLOYER_EMAIL),
    Column("employer.aidants_connect_accredited", boolean, ("Habilitation Aidants Connect",), empty_keeps_known=True),
    Column(
        "administrative_file.ds_file_number",
        ds_number,
        ("ds_file_number", *heading_aliases.DS_FILE_NUMBER),
        is_lookup=True,
    ),
    Column(
        "administrative_file.contract_uploaded_on", civil_day, ("contract_uploaded_on", *heading_aliases.UPLOADED_ON)
    ),
    Column(
        "administrative_file.validated_on",
        civil_day,
        ("validated_on", *heading_aliases.VALIDATED_ON, heading_aliases.VALIDATION),
    ),
    contextual=[
        ContextualHeading(heading_aliases.EMPLOYER_KIND, heading_aliases.CONTRACT_TYPE, "employer.legal_form"),
        ContextualHeading(
            heading_aliases.VALIDATION,
            (*heading_aliases.TERMINATED_ON, *heading_aliases.TERMINATION_MOTIVE),
            doubt="de la rupture, ou du recrutement",
        ),
    ],
)
