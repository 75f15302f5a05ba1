"""A request for each operation that succeeds on the demonstration data, and what it is answered (`answers.json`).

The documentation page fills its forms with them. `make openapi` records the answers; a test asks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
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
ENDPOINT = "720628d5-c25f-5c8c-a824-02bb4f096bc0"
ENDPOINT_TO_DELETE = "0c9364d0-94eb-5d09-bf6f-32f182e5ffec"
DELIVERY = "626150dc-3244-5d3d-975c-4b265329cd8a"
MESSAGE = "1b7e96dc-6c43-590e-a841-f79c7a9a6e31"
IMPORT = "b0ef4249-d876-5069-825f-281276dc4613"
INITIAL_OF_ANAIS = "018bd542-b2e4-71f9-a146-03178fd3aab2"


@dataclass(frozen=True, slots=True)
class Example:
    """`parameters` by name; `bodies` by what is asked for, in French, the first one filled in."""

    parameters: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    bodies: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


def _request(adviser: str, module: str, day: str) -> JsonValue:
    return {
        "adviser_id": adviser,
        "module_code": module,
        "training_organisation_id": LA_MEDNUM,
        "session": {"starts_on": day, "ends_on": day, "format": "remote"},
        "requested_on": "2026-11-02",
    }


def _contract(**others: JsonValue) -> JsonValue:
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
        "administrative_file": {"ds_file_number": "9000261", "contract_uploaded_on": "2026-09-03"},
        **others,
    }


_POLICY: Mapping[str, JsonValue] = {
    "effective_from": "2029-01-01",
    "two_modules": {"entered_on_or_after": "2024-01-01", "count": 2, "window_months": 12},
    "civil_year": {"count": 2, "first_year": 2024, "grace": {"2024": "2025-03-31"}},
    "supplementary": {"from": "2025-01-01", "count": 1},
    "over_quota": {"reply_days": None},
    "initial_training": {
        "max_funded": 1,
        "path_hours": [
            {"from": "2021-01-01", "value": [105, 280, 350, 420]},
            {"from": "2024-03-01", "value": [70, 175, 315]},
            {"from": "2025-10-21", "value": [175]},
        ],
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

_REQUESTS: Mapping[str, JsonValue] = {
    "Financée": _request(INES, "parentalite-numerique", "2026-12-08"),
    "Au-delà du quota": _request(INES, "cybersecurite", "2026-12-15"),
    "Refusée, quatre motifs": _request(VALENTINE, "numerique-responsable", "2026-12-08"),
}

# In an order in which each succeeds after those before it.
EXAMPLES: Mapping[str, Example] = {
    "previewRegistration": Example(bodies=_REQUESTS),
    "registerAdviser": Example(bodies=_REQUESTS),
    "listRegistrations": Example({"status": "accepted", "limit": 2}),
    "getRegistration": Example({"registration_id": COMPLETED_OF_INES}),
    "listDecisions": Example({"registration_id": COMPLETED_OF_INES}),
    "chooseOverQuota": Example({"registration_id": WAITING}, {"Conserver": {"choice": "keep", "payer": "employer"}}),
    "reExamineRegistration": Example({"registration_id": REGULARISED}, {"Dossier complété": {}}),
    "cancelRegistration": Example({"registration_id": TO_CANCEL}, {"Annuler": {"motive": "Nécessité de service"}}),
    "rescheduleRegistration": Example(
        {"registration_id": TO_RESCHEDULE, "If-Match": '"1"'},
        {"Déplacer": {"session": {"starts_on": "2028-03-07", "ends_on": "2028-03-09"}}},
    ),
    "recordAttendance": Example({"registration_id": SESSION_OVER}, {"Formation suivie": {"outcome": "completed"}}),
    "recordPositioningTest": Example(
        {"registration_id": INITIAL_OF_ANAIS}, {"Parcours de 175 heures": {"taken_on": "2026-03-02", "hours": 175}}
    ),
    "listAdvisers": Example({"conum_id": "900009,900022", "limit": 2}),
    "getAdviser": Example({"adviser_id": INES}),
    "exportAdviser": Example({"adviser_id": ANAIS}),
    "addAdviser": Example(
        bodies={"Nouveau conseiller": {"first_name": "Gwenn", "last_name": "Exemple", "department": "29"}}
    ),
    "putAdviser": Example(
        {"adviser_id": "7d1f0a52-3c64-4e0b-9a83-5d2c7e914b10", "If-Match": "*"},
        {
            "Conseiller de La Coop": {
                "conum_id": 990001,
                "first_name": "Youenn",
                "last_name": "Exemple",
                "email": "youenn@example.org",
                "department": "35",
                "initial_training": {"entered_on": "2023-02-06", "ended_on": "2023-04-21"},
            }
        },
    ),
    "anonymiseAdviser": Example({"adviser_id": FLORIAN, "If-Match": '"1"'}),
    "patchAdviser": Example({"adviser_id": AURORE, "If-Match": '"1"'}, {"Autre département": {"department": "22"}}),
    "getTrainingRecord": Example({"adviser_id": INES, "on": "2026-06-15"}),
    "drawTrainingRecord": Example({"adviser_id": INES, "on": "2026-06-15"}),
    "carryOver": Example(
        {"adviser_id": KATELL},
        {"Droit de 2025": {"bucket": "civil_year:2025", "motive": "Longue maladie", "decided_on": "2026-01-12"}},
    ),
    "listContracts": Example({"adviser_id": INES, "limit": 2}),
    "getContract": Example({"contract_id": "6934a156-d168-568b-864d-8a43441c4da0"}),
    "addContract": Example(bodies={"Contrat à durée déterminée": _contract()}),
    "putContract": Example(
        {"contract_id": "c2f7d0de-8a41-4f0e-b6a5-90e1d3c5a7b2", "If-Match": "*"},
        {"Contrat de La Coop": _contract(starts_on="2028-09-01", ends_on="2029-08-31")},
    ),
    "patchContract": Example(
        {"contract_id": "5950d7cd-0d73-560c-9de1-747c1f0a86c1", "If-Match": '"1"'},
        {"Rupture": {"terminated_on": "2028-12-31", "termination_motive": "Démission"}},
    ),
    "listCertifications": Example({"adviser_id": ENORA, "limit": 2}),
    "getCertification": Example({"certification_id": "018bd542-be38-7ee0-afb4-91e506b8e284"}),
    "recordCertification": Example(
        bodies={"Pix obtenu": {"adviser_id": ANAIS, "qualification": "pix", "outcome": "obtained", "on": "2026-06-10"}}
    ),
    "listDueCertifications": Example({"status": "due", "limit": 2}),
    "listObligations": Example({"year": 2026, "status": "due", "limit": 2}),
    "listQualifications": Example(),
    "followEvents": Example({"types": "registration.*", "limit": 2}),
    "listApiKeys": Example({"limit": 2}),
    "createApiKey": Example(
        bodies={"Client nouveau": {"name": "Tableau de bord", "role": "platform", "scopes": ["registrations:read"]}}
    ),
    "revokeApiKey": Example({"key_id": "Demonstratio"}),
    "listClients": Example({"limit": 2}),
    "addClient": Example(bodies={"Par jetons": {"name": "Portail", "role": "platform", "issuer_client_id": "portail"}}),
    "revokeClient": Example({"client_id": "747265f2-cf14-504c-ba73-a17ccbb59302"}),
    "listWebhookEndpoints": Example({"limit": 2}),
    "addWebhookEndpoint": Example(
        bodies={"Ce qui concerne les inscriptions": {"url": "https://coop.example/hooks", "types": ["registration.*"]}}
    ),
    "getWebhookEndpoint": Example({"endpoint_id": ENDPOINT}),
    "changeWebhookEndpoint": Example(
        {"endpoint_id": ENDPOINT},
        {"D’autres types": {"types": ["entitlement.carried_over", "certification.recorded"]}},
    ),
    "rotateWebhookSecret": Example({"endpoint_id": ENDPOINT}),
    "listDeliveries": Example({"endpoint_id": ENDPOINT, "state": "delivered", "limit": 2}),
    "getDelivery": Example({"delivery_id": DELIVERY}),
    "testWebhookEndpoint": Example({"endpoint_id": ENDPOINT}),
    "replayDelivery": Example({"delivery_id": DELIVERY}),
    "importFile": Example(
        bodies={
            "Dates de formation, pour voir": {
                "kind": "advisers",
                "file": "Id conseiller;Date de début formation;Date de fin formation\n900009;15/04/2024;28/06/2024\n",
                "dry_run": True,
            }
        }
    ),
    "getImport": Example({"import_id": IMPORT}),
    "downloadRejects": Example({"import_id": IMPORT}),
    "listMessages": Example({"status": "delivered", "limit": 2}),
    "getMessage": Example({"message_id": MESSAGE}),
    "resendMessage": Example({"message_id": MESSAGE}),
    "recoverDeliveries": Example({"endpoint_id": ENDPOINT}, {"Depuis la panne": {"since": "2026-06-14T22:00:00Z"}}),
    "deleteWebhookEndpoint": Example({"endpoint_id": ENDPOINT_TO_DELETE}),
    "readStatistics": Example({"group_by": "month,status", "from": "2025-09-01", "to": "2025-12-31"}),
    "searchAuditLog": Example({"action": "registerAdviser", "limit": 2}),
    "tryPolicy": Example(bodies={"Deux modules par an dès 2026": {**_POLICY, "effective_from": "2026-07-01"}}),
    "addPolicy": Example(bodies={"Deux modules par an dès 2029": {**_POLICY}}),
    "listPolicies": Example({"limit": 2}),
    "getPolicy": Example({"version": "2021-01-01"}),
    "listModules": Example({"limit": 2}),
    "getModule": Example({"code": "cafe-ia"}),
    "putModule": Example(
        {"code": "cybersecurite", "If-Match": "*"},
        {
            "Tel qu’il est": {
                "title": "Cybersécurité",
                "kind": "thematic",
                "hours": 7,
                "formats": ["on_site", "remote"],
            }
        },
    ),
    "listTrainingOrganisations": Example({"limit": 2}),
    "getTrainingOrganisation": Example({"organisation_id": LA_MEDNUM}),
    "putTrainingOrganisation": Example(
        {"organisation_id": "3b330da6-40d2-53c5-a868-07613a3e02b4", "If-Match": "*"},
        {
            "Tel qu’il est": {
                "name": "Histya",
                "email": "histya@example.org",
                "deliveries": [{"kind": "full_title", "territory": "national"}],
            }
        },
    ),
}


RECORDED_ANSWERS: Mapping[str, Mapping[str, Any]] = orjson.loads(
    (files("app.api.openapi") / "answers.json").read_bytes()
)


def idempotency_key_of(operation_id: str) -> UUID:
    """The `Idempotency-Key` of an example: each operation has its own, and the same example again is a replay."""
    return uuid5(NAMESPACE_URL, f"urn:inscriptions:exemple:{operation_id}")


def recorded_answers(recorded_as: str) -> dict[str, Any]:
    """What the examples of an operation were answered when they were last recorded: under its id, and the media type
    for another than the usual one."""
    return {name: {"summary": name, "value": body} for name, body in RECORDED_ANSWERS.get(recorded_as, {}).items()}
