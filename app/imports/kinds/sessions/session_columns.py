"""The columns of a training calendar, and the words that its cells may use for codes."""

from app.domain.facts.published_session import SessionStatus
from app.imports.columns.cell_parsers import (
    boolean,
    civil_day,
    code_for_word,
    department,
    identifier,
    only_in_json,
    quantity,
)
from app.imports.columns.column_recognition import Column, ColumnSet
from app.imports.files.cell_content import read_text
from app.imports.kinds.registration_columns import FORMAT_WORDS
from app.imports.kinds.sessions.hours_cells import hours

STATUS_WORDS = {
    **{status.value: status for status in SessionStatus},
    **dict.fromkeys(("ouverte", "prévue", "programmée", "à venir", "planifiée"), SessionStatus.OPEN),
    **dict.fromkeys(("confirmée", "maintenue"), SessionStatus.CONFIRMED),
    **dict.fromkeys(("complète", "complet"), SessionStatus.FULL),
    **dict.fromkeys(("annulée", "annulé"), SessionStatus.CANCELLED),
    **dict.fromkeys(("terminée", "réalisée", "tenue", "passée"), SessionStatus.HELD),
}

SESSION_COLUMNS = ColumnSet(
    Column("id", identifier, ("Identifiant", "Id session", "Identifiant de la session"), empty_keeps_known=True),
    Column(
        "module_code",
        read_text,
        ("Formation", "Type de formation", "Thème"),
        empty_keeps_known=True,
        preferred_headings=("Code du module", "Module"),
        fallback_headings=("Intitulé", "Intitulé de la formation", "Titre", "Intitulé du module"),
    ),
    Column(
        "training_organisation_id", read_text, ("Organisme", "Organisme de formation", "OF"), empty_keeps_known=True
    ),
    Column(
        "reference",
        read_text,
        ("Référence", "Référence de session", "Réf", "N° de session", "Numéro de session", "Code session"),
        empty_keeps_known=True,
    ),
    Column(
        "starts_on",
        civil_day,
        ("Date de début", "Date de début formation", "Début de session", "Début", "Date de début de session", "Du"),
        fallback_headings=("Date", "Date de la session", "Date de formation"),
    ),
    Column(
        "ends_on",
        civil_day,
        ("Date de fin", "Date de fin formation", "Fin de session", "Fin", "Date de fin de session", "Au"),
    ),
    Column("hours", hours, ("Horaires", "Horaire"), reads_like=only_in_json),
    Column("format", code_for_word(FORMAT_WORDS), ("Format", "Modalité", "Modalités"), empty_keeps_known=True),
    Column("place.name", read_text, ("Lieu", "Lieu de formation", "Lieu de la session", "Nom du lieu", "Salle")),
    Column("place.address", read_text, ("Adresse", "Adresse du lieu", "Adresse de la formation")),
    Column("place.department", department, ("Département", "Code département", "Département du lieu")),
    Column("link", read_text, ("Lien", "Lien de connexion", "Lien visio", "Lien de visioconférence", "URL")),
    Column(
        "seats.minimum",
        quantity,
        ("Nombre de places minimum", "Places minimum", "Effectif minimum", "Nombre minimum de participants", "Min"),
    ),
    Column(
        "seats.maximum",
        quantity,
        (
            "Nombre de places", "Places", "Nombre de places maximum", "Capacité", "Effectif maximum", "Jauge", "Max",
            "Nombre maximum de participants", "max_attendants",
        ),
    ),
    Column(
        "registration_closes_on",
        civil_day,
        ("Date limite d’inscription", "Clôture des inscriptions", "Fin des inscriptions", "Inscription jusqu’au"),
    ),
    Column("status", code_for_word(STATUS_WORDS), ("Statut", "État"), empty_keeps_known=True),
    Column("regularisation", boolean, ("Régularisation",), empty_keeps_known=True),
)  # fmt: skip
