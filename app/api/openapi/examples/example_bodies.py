"""The resources of the demonstration that examples name, and the longer bodies that they send."""

from collections.abc import Mapping

from pydantic import JsonValue

INES = "76c6dae1-74b7-5a57-8ca1-82fa3b04634d"
VALENTINE = "0aafeb1b-d9c5-5eb1-b6d9-a94cb533ead3"
KATELL = "bd7f2a90-31fa-5998-8d71-66e09d9d2a14"
AURORE = "8c7a5b79-ca79-56cc-a9a6-659563fc00c4"
ANAIS = "3710497a-28bf-5166-bc4f-ab62159e81c7"
FLORIAN = "d71ea944-f86f-5f9d-b880-1ff98ababc46"
ENORA = "87b8352d-d024-5de6-af4c-3af3347e6d39"
LA_MEDNUM = "a02e0122-c66e-5634-aa81-ec4e6499f818"

COMPLETED_OF_INES = "018bd542-b605-74f2-b369-81aa2c625680"
WAITING = "018bd542-b3af-7cb1-bbfd-214ef724827a"
REGULARISED = "018bd542-bd0e-73dc-af88-964d1aeeebac"
TO_CANCEL = "018bd542-c222-7072-a53c-b4b54a11894c"
TO_RESCHEDULE = "018bd542-c223-78a2-9597-5789ed769a80"
SESSION_OVER = "018bd542-be3b-76d5-ba9e-daac588b17df"
TO_DEROGATE = "018bd542-bf01-7c0e-8ed0-207a1ea18365"
ENDPOINT = "720628d5-c25f-5c8c-a824-02bb4f096bc0"
ENDPOINT_TO_DELETE = "0c9364d0-94eb-5d09-bf6f-32f182e5ffec"
DELIVERY = "626150dc-3244-5d3d-975c-4b265329cd8a"
MESSAGE = "1b7e96dc-6c43-590e-a841-f79c7a9a6e31"
IMPORT = "b0ef4249-d876-5069-825f-281276dc4613"
SUPPORT_REQUEST = "018bd542-c401-7000-8000-000000000001"
SUPPORT_REQUEST_TO_WITHDRAW = "018bd542-c402-7000-8000-000000000002"
INITIAL_OF_ANAIS = "018bd542-b2e4-71f9-a146-03178fd3aab2"
RESULT_OF_ENORA = "018bd542-be38-7ee0-afb4-91e506b8e284"
WILFRID = "daea8e60-9490-5555-9f9c-5fde348a2087"
CAFE_IA_OF_YOUNA = "018bd542-c6a0-7cd9-ae32-2985a34bf6ab"
CAFE_IA_OF_ZITA = "018bd542-c704-75ec-921e-d9c8dd081967"
SESSION_TO_RECORD = "018bd5cc-06c2-7000-8000-000000000002"
SESSION_FULL = "018bd5cc-06c3-7000-8000-000000000003"
OPEN_SESSION = "018bd5cc-06c6-7000-8000-000000000006"
SESSION_TO_MOVE = "018bd5cc-06c7-7000-8000-000000000007"


def registration_request(adviser: str, module: str, day: str) -> JsonValue:
    return {
        "adviser_id": adviser,
        "module_code": module,
        "training_organisation_id": LA_MEDNUM,
        "session": {"starts_on": day, "ends_on": day, "format": "remote"},
        "requested_on": "2026-06-01",
    }


def contract_request(**others: JsonValue) -> JsonValue:
    return {
        "adviser_id": AURORE,
        "type": "CDD",
        "starts_on": "2026-09-01",
        "ends_on": "2028-08-31",
        "employer": {
            "siret": "99900003700013",
            "name": "CCAS de Villeneuve-l’Exemple (démonstration)",
            "legal_form": "public",
            "department": "35",
        },
        "administrative_file": {"ds_file_number": "9000261", "contract_uploaded_on": "2026-06-03"},
        **others,
    }


POLICY: Mapping[str, JsonValue] = {
    "effective_from": "2029-01-01",
    "two_modules": {"entered_on_or_after": "2024-01-01", "count": 2, "window_months": 12},
    "civil_year": {"count": 2, "first_year": 2024, "grace": {"2024": "2025-03-31"}},
    "supplementary": {"from": "2025-01-01", "count": 1},
    "over_quota": {"reply_days": None, "remind_days": 7},
    "requests": {"months_ahead": 36},
    "attendance": {
        "correction_days": 30,
        "valid_absence_motives": ["medical_certificate", "force_majeure", "employer_need"],
    },
    "support": {"answer_days": 60},
    "initial_training": {
        "max_funded": 1,
        "path_hours": [
            {"from": "2021-01-01", "value": [105, 280, 350, 420]},
            {"from": "2024-03-01", "value": [70, 175, 315]},
            {"from": "2025-10-21", "value": [175]},
        ],
        "enter_within_months": None,
        "unjustified_absence_counts": False,
    },
    "certification": {
        "presentation_months": [{"from": "2021-01-01", "value": 6}, {"from": "2024-01-01", "value": 2}],
        "valid_absence_motives": [
            {"from": "2021-01-01", "value": ["medical_certificate", "force_majeure", "covid_positive_test"]},
            {"from": "2023-11-29", "value": ["medical_certificate", "force_majeure"]},
        ],
    },
    "unjustified_absence_consumes": True,
    "support_email": "support@conseiller-numerique.example",
}

REGISTRATION_REQUESTS: Mapping[str, JsonValue] = {
    "Financée": registration_request(INES, "parentalite-numerique", "2028-02-08"),
    "Au-delà du quota": registration_request(INES, "cybersecurite", "2028-02-15"),
    "Refusée, quatre motifs": registration_request(VALENTINE, "numerique-responsable", "2028-02-08"),
    "À une session publiée": {"adviser_id": WILFRID, "session_id": OPEN_SESSION},
}

SUPPORT_REQUESTS: Mapping[str, JsonValue] = {
    "Absence justifiée": {
        "kind": "justification",
        "adviser_id": INES,
        "registration_id": COMPLETED_OF_INES,
        "text": "Une journée manquée : le justificatif vous est envoyé.",
    },
    "Décision contestée": {"kind": "contestation", "adviser_id": INES, "text": "Mon droit de 2026 n’apparaît pas."},
}

JURY_RESULTS: Mapping[str, JsonValue] = {
    "data": [
        {"adviser_id": adviser, "qualification": "pix", "outcome": "failed", "on": "2026-06-10"}
        for adviser in (AURORE, ANAIS)
    ]
}

ADVISER_LINES = """{"conum_id": 900009, "first_name": "Inès", "last_name": "Quéméner", "department": "35"}
{"conum_id": 990002, "first_name": "Maïwenn", "last_name": "Exemple", "email": "maiwenn@example.org"}
"""
