"""For each operation, a request that succeeds on the demonstration data: the documentation page fills its forms in."""

from collections.abc import Mapping

from app.api.openapi.examples.example import Example
from app.api.openapi.examples.example_bodies import (
    ADVISER_LINES,
    ANAIS,
    AURORE,
    COMPLETED_OF_INES,
    DELIVERY,
    ENDPOINT,
    ENDPOINT_TO_DELETE,
    ENORA,
    FLORIAN,
    IMPORT,
    INES,
    INITIAL_OF_ANAIS,
    JURY_RESULTS,
    KATELL,
    LA_MEDNUM,
    MESSAGE,
    OPEN_SESSION,
    POLICY,
    REGISTRATION_REQUESTS,
    REGULARISED,
    RESULT_OF_ENORA,
    SESSION_OVER,
    SUPPORT_REQUEST,
    SUPPORT_REQUEST_TO_WITHDRAW,
    SUPPORT_REQUESTS,
    TO_CANCEL,
    TO_DEROGATE,
    TO_RESCHEDULE,
    WAITING,
    contract_request,
)
from app.api.openapi.examples.session_examples import SESSION_EXAMPLES

# In this order, each request succeeds after those before it.
EXAMPLES: Mapping[str, Example] = {
    "previewRegistration": Example(bodies=REGISTRATION_REQUESTS),
    "registerAdviser": Example(bodies=REGISTRATION_REQUESTS),
    "listRegistrations": Example({"status": "accepted", "limit": 2}),
    "getRegistration": Example({"registration_id": COMPLETED_OF_INES}),
    "listDecisions": Example({"registration_id": COMPLETED_OF_INES}),
    "chooseOverQuota": Example({"registration_id": WAITING}, {"Conserver": {"choice": "keep", "payer": "employer"}}),
    "reExamineRegistration": Example({"registration_id": REGULARISED}, {"Dossier complété": {}}),
    "cancelRegistration": Example({"registration_id": TO_CANCEL}, {"Annuler": {"motive": "Nécessité de service"}}),
    "rescheduleRegistration": Example(
        {"registration_id": TO_RESCHEDULE, "If-Match": '"1", "2"'},
        {
            "Déplacer": {"session": {"starts_on": "2028-03-07", "ends_on": "2028-03-09"}},
            "Vers une session publiée": {"session_id": OPEN_SESSION},
        },
    ),
    "recordAttendance": Example({"registration_id": SESSION_OVER}, {"Formation suivie": {"outcome": "completed"}}),
    "listAttendanceReports": Example({"registration_id": COMPLETED_OF_INES}),
    "derogateRegistration": Example(
        {"registration_id": TO_DEROGATE},
        {
            "Seconde formation initiale": {
                "waived": ["initial_training_already_funded"],
                "funding": "state",
                "motive": "La première a été interrompue par l’organisme.",
            }
        },
    ),
    "recordPositioningTest": Example(
        {"registration_id": INITIAL_OF_ANAIS}, {"Parcours de 175 heures": {"taken_on": "2026-03-02", "hours": 175}}
    ),
    **SESSION_EXAMPLES,
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
    "addContract": Example(bodies={"Contrat à durée déterminée": contract_request()}),
    "putContract": Example(
        {"contract_id": "c2f7d0de-8a41-4f0e-b6a5-90e1d3c5a7b2", "If-Match": "*"},
        {"Contrat de La Coop": contract_request(starts_on="2028-09-01", ends_on="2029-08-31")},
    ),
    "patchContract": Example(
        {"contract_id": "5950d7cd-0d73-560c-9de1-747c1f0a86c1", "If-Match": '"1"'},
        {"Rupture": {"terminated_on": "2028-12-31", "termination_motive": "Démission"}},
    ),
    "listCertifications": Example({"adviser_id": ENORA, "limit": 2}),
    "getCertification": Example({"certification_id": RESULT_OF_ENORA}),
    "recordCertification": Example(
        bodies={"Pix obtenu": {"adviser_id": ANAIS, "qualification": "pix", "outcome": "obtained", "on": "2026-06-10"}}
    ),
    "recordJuryResults": Example(bodies={"Un jury, un résultat déjà enregistré": {**JURY_RESULTS}}),
    "annulCertification": Example({"certification_id": RESULT_OF_ENORA}, {"Erreur": {"motive": "Autre personne"}}),
    "listDueCertifications": Example({"status": "due", "limit": 2}),
    "openSupportRequest": Example(bodies=SUPPORT_REQUESTS),
    "listSupportRequests": Example({"status": "open", "limit": 2}),
    "getSupportRequest": Example({"support_request_id": SUPPORT_REQUEST}),
    "answerSupportRequest": Example(
        {"support_request_id": SUPPORT_REQUEST},
        {"Rejetée": {"granted": False, "motive": "Aucun contrat n’est déclaré : votre employeur doit agir."}},
    ),
    "withdrawSupportRequest": Example({"support_request_id": SUPPORT_REQUEST_TO_WITHDRAW}),
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
    "changeWebhookEndpoint": Example({"endpoint_id": ENDPOINT}, {"D’autres types": {"types": ["certification.*"]}}),
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
        },
        other_bodies={"application/x-ndjson": {"Deux conseillers, un objet par ligne": ADVISER_LINES}},
    ),
    "listImports": Example({"limit": 2}),
    "getImport": Example({"import_id": IMPORT}),
    "downloadRejects": Example({"import_id": IMPORT}),
    "listMessages": Example({"status": "delivered", "limit": 2}),
    "getMessage": Example({"message_id": MESSAGE}),
    "resendMessage": Example({"message_id": MESSAGE}),
    "recoverDeliveries": Example({"endpoint_id": ENDPOINT}, {"Depuis la panne": {"since": "2026-06-14T22:00:00Z"}}),
    "deleteWebhookEndpoint": Example({"endpoint_id": ENDPOINT_TO_DELETE}),
    "readStatistics": Example({"group_by": "month,status", "from": "2025-09-01", "to": "2025-12-31"}),
    "searchAuditLog": Example({"action": "registerAdviser", "limit": 2}),
    "tryPolicy": Example(bodies={"Deux modules par an dès 2026": {**POLICY, "effective_from": "2026-07-01"}}),
    "addPolicy": Example(bodies={"Deux modules par an dès 2029": {**POLICY}}),
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
