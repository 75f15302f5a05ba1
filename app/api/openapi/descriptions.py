"""The French descriptions of parameters and of schemas whose classes, in the domain, are described in English."""

from collections.abc import Mapping

PARAMETER_DESCRIPTIONS: Mapping[str, str] = {
    "adviser_id": "L’identifiant du conseiller.",
    "certification_id": "L’identifiant du résultat.",
    "department": "Le département du lieu, comme `35`.",
    "delivery_id": "L’identifiant de la livraison.",
    "endpoint_id": "L’identifiant du point de terminaison.",
    "client_id": "L’identifiant du client.",
    "contract_id": "L’identifiant du contrat.",
    "format": "À distance, en présence, ou les deux.",
    "import_id": "L’identifiant de l’import.",
    "kind": "Ce que sont les lignes du fichier.",
    "message_id": "L’identifiant du courriel.",
    "module_code": "Le code du module, comme `cafe-ia`.",
    "outcome": "Le résultat.",
    "qualification": "Le code du titre ou du certificat, comme `remn-ccp1`.",
    "reference": "La référence que lui donne son organisme.",
    "registration_id": "L’identifiant de l’inscription.",
    "session_id": "L’identifiant de la session publiée.",
    "status": "Où en est l’inscription.",
    "support_request_id": "L’identifiant de la demande au support.",
    "training_organisation_id": "L’identifiant de l’organisme de formation.",
}

SCHEMA_DESCRIPTIONS: Mapping[str, str] = {
    "AfterQuota": (
        "Ce qu’est devenue une inscription qui a dépassé le quota : elle attend, est conservée sans prise en charge, "
        "annulée, financée ensuite, refusée, ou libérée par une absence justifiée."
    ),
    "AbsenceMotive": "Le motif d’une absence justifiée à un examen.",
    "ChosenPayer": "Qui peut payer une inscription conservée sans prise en charge.",
    "Absence": "Pourquoi aucun contrat ne couvre le premier jour : aucun contrat, pas commencé, échu, rompu.",
    "Actor": "Qui peut lever un motif ; `nobody`, personne.",
    "AttendanceMotive": (
        "Le motif d’une absence justifiée à une formation : certificat médical, force majeure, besoin de l’employeur."
    ),
    "Attendance": "Ce qu’il est advenu à la session : suivie, absence justifiée, absence non justifiée.",
    "Category": "`first_year` : dans l’année qui suit l’entrée en formation initiale ; `annual` : ensuite ; `none`.",
    "Cause": (
        "Pourquoi la décision a été prise : demande, réexamen, session déplacée, contrat changé, formation initiale "
        "changée, promotion d’une inscription qui attendait, reprise d’une inscription passée."
    ),
    "CertificationOutcome": "Le résultat : obtenu, échoué, absence justifiée, absence non justifiée.",
    "Choice": "La réponse du conseiller : conserver l’inscription sans prise en charge, ou l’annuler.",
    "Chooser": "Qui a choisi, ou annulé : le conseiller, ou qui l’a fait à sa place.",
    "Consequence": (
        "Ce que coûte une absence non justifiée : le droit consommé, l’entrée en formation initiale perdue, ou rien "
        "d’autre qu’une formation non suivie."
    ),
    "ContractType": "CDI, CDD, parcours emploi compétences (PEC) ou contrat de projet (CDP).",
    "DeliveryState": (
        "Où en est une livraison : due, en cours, livrée, abandonnée après dix essais (`dead`), non livrée parce que "
        "le point de terminaison était désactivé (`skipped`) ou supprimé (`cancelled`)."
    ),
    "DisabledBecause": "Désactivé par vous, après cinq jours d’échecs, ou sur réponse 410.",
    "EndpointStatus": "`disabled` : plus rien n’est livré, jusqu’à `active`.",
    "EndpointWarning": "Des échecs depuis un jour (`failing`) ; plus qu’un jour avant la désactivation (`last_day`).",
    "EventType": "Ce qui s’est passé. D’autres types viendront : ignorez ceux que vous ne connaissez pas.",
    "Facts": "Tout ce que la décision a lu, tel que le domaine le nomme : de quoi la reprendre.",
    "Excuse": "Un report du droit, n’avoir pas été en poste à l’échéance, ou une justification admise par le support.",
    "Funding": "`state` : financée par l’État ; `none` : conservée sans prise en charge.",
    "ImportKind": (
        "Ce que sont les lignes : conseillers, contrats, résultats d’examen, inscriptions passées, sessions d’un "
        "calendrier ou assiduité à une session."
    ),
    "ImportStatus": "Où en est l’import : en attente, en cours, fini, ou impossible (`failed`).",
    "HeldRow": "Une ligne, chaque valeur sous son nom en français.",
    "HoursResource": "Les horaires d’un jour, ou d’une demi-journée, à l’heure de Paris.",
    "LegalForm": "Le statut de l’employeur ; `undetermined` s’il n’est pas connu.",
    "ModuleKind": "Formation initiale, module thématique ou titre complet.",
    "NextAttemptPayer": "Qui paierait une nouvelle présentation.",
    "ObligationStatus": "Où en est une obligation : remplie, attendue, en retard ou excusée.",
    "Outcome": "Ce que les règles décident : acceptée, refusée, ou quota dépassé.",
    "Payer": "Qui paie : l’État, l’employeur, son OPCO ou le conseiller lui-même.",
    "Prerequisite": "`aidants_connect` : l’employeur doit être habilité Aidants Connect.",
    "PresentationStatus": "Un examen à présenter : attendu, en retard ou présenté.",
    "Reason": "Un motif de refus. Les codes sont stables ; il peut s’en ajouter.",
    "Requester": "Qui a ouvert la demande : le conseiller par son lien personnel, ou qui l’a fait pour lui.",
    "Role": "Plateforme, organisme de formation ou administration.",
    "Scope": "Ce qu’une clé permet : lire ou écrire, et quoi.",
    "SessionFormat": "À distance, en présence, ou les deux.",
    "SessionStatus": (
        "Où en est la session : ouverte, confirmée, complète (plus aucune place), annulée, tenue (son dernier jour est "
        "passé)."
    ),
    "Stage": "Avant l’échéance, ou à l’échéance.",
    "Status": (
        "Où en est l’inscription : acceptée, refusée, en attente du choix du conseiller, annulée, suivie, absence "
        "justifiée, absence non justifiée."
    ),
    "Subject": "De quoi parle un événement.",
    "SupportEffect": "Ce que la réponse a fait : dérogation, report de droits, assiduité rectifiée, résultat annulé.",
    "SupportRequestKind": "Contester une décision, ou justifier une absence, des modules non suivis, un retard.",
    "SupportRequestStatus": "Où en est la demande : ouverte, acceptée, rejetée, retirée.",
    "Territory": "L’Hexagone, l’outre-mer, ou les deux (`national`).",
}
