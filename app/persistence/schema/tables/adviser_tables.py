"""The tables of advisers and their employment contracts."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from app.persistence.schema.personal_data_inventory import ERASED_TEXT, disclosed, erased, personal_data, undisclosed
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.tables.shared_columns import (
    check_one_of,
    foreign_key,
    instant_column,
    metadata,
    version_columns,
)

# Identity (the four nullable columns) is read by no rule and stored in no other table.
adviser = Table(
    "adviser",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("conum_id", BigInteger, unique=True, info=erased("ID Conum")),
    Column("first_name", Text, info=erased("Prénom")),
    Column("last_name", Text, info=erased("Nom")),
    Column("email", Text, info=erased("Adresse électronique")),
    Column("department", Text, info=disclosed("Département")),
    Column("in_scheme", Boolean, nullable=False, info=disclosed("Dans le dispositif")),
    Column("initial_training_entered_on", Date, info=disclosed("Entrée en formation initiale")),
    Column("initial_training_ended_on", Date, info=disclosed("Fin de la formation initiale")),
    instant_column("anonymised_at", nullable=True, info=disclosed("Anonymisé le")),
    # What an earlier, anonymised file of the same person had used. Clients never write it: replacing an adviser leaves
    # it as it is. The trigger of migration 0012 gives these units to nobody else.
    Column(
        "former_units",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        info=disclosed("Droits utilisés avant une anonymisation"),
    ),
    Column(
        "former_entries",
        ARRAY(Date),
        nullable=False,
        server_default=text("'{}'"),
        info=disclosed("Entrées en formation initiale avant une anonymisation"),
    ),
    # Raised by every lock of the adviser: registrations decided together are written only where it is what was read.
    Column("file_version", Integer, nullable=False, server_default=text("0"), info=undisclosed("compte les verrous")),
    *version_columns(),
    Index("ix_adviser_updated_at", "updated_at", "id"),
    Index("ix_adviser_email", text("lower(email)")),
    Index("ix_adviser_anonymised_at", "anonymised_at", postgresql_where=text("anonymised_at IS NOT NULL")),
    info=personal_data(
        "Identité",
        purpose="reconnaître le conseiller, lui écrire, connaître ses droits à formation",
        kept_for="{years} ans d’inactivité ; ensuite, ce qui n’identifie pas",
        rows="id = $1",
    ),
)

contract = Table(
    "contract",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("adviser_id", "adviser.id", index=True),
    Column("type", Text, nullable=False, info=disclosed("Type de contrat")),
    Column("starts_on", Date, nullable=False, info=disclosed("Début")),
    Column("ends_on", Date, info=disclosed("Fin prévue")),
    Column("terminated_on", Date, info=disclosed("Rupture")),
    Column("termination_motive", Text, info=erased("Motif de la rupture")),
    foreign_key("renews_contract_id", "contract.id", nullable=True, info=disclosed("Renouvelle le contrat")),
    Column("employer_siret", Text, nullable=False, index=True, info=disclosed("SIRET de l’employeur")),
    Column("employer_name", Text, nullable=False, info=erased("Employeur", ERASED_TEXT)),
    Column("employer_legal_form", Text, nullable=False, info=disclosed("Statut de l’employeur")),
    Column("employer_department", Text, info=disclosed("Département de l’employeur")),
    Column("employer_contact_email", Text, info=erased("Contact chez l’employeur")),
    Column(
        "employer_aidants_connect_accredited",
        Boolean,
        nullable=False,
        info=disclosed("Employeur habilité Aidants Connect"),
    ),
    Column("ds_file_number", Text, info=erased("Dossier Démarches simplifiées", ERASED_TEXT)),
    Column("contract_uploaded_on", Date, info=disclosed("Contrat déposé le")),
    Column("validated_on", Date, info=disclosed("Recrutement validé le")),
    *version_columns(),
    check_one_of("type", "CDI", "CDD", "PEC", "CDP"),
    check_one_of("employer_legal_form", "public", "private", "undetermined"),
    CheckConstraint("(type = 'CDI') = (ends_on IS NULL)", name="term"),
    CheckConstraint("ends_on >= starts_on AND terminated_on >= starts_on", name="order"),
    Index("ix_contract_updated_at", "updated_at", "id"),
    info=personal_data(
        "Contrats de travail",
        purpose="vérifier que le conseiller est en poste et que son dossier est en règle",
        kept_for=EVIDENCE_RETENTION,
    ),
)
