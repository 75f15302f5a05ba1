"""What the template of the warning about a failing webhook endpoint names."""

from typing import Any
from urllib.parse import urlsplit

from app.persistence.engine.driver_types import Row
from app.wording.dates import format_paris_time

FAILURE_LABELS = {
    "timeout": "pas de réponse à temps",
    "no-connection": "connexion impossible",
    "broken-connection": "connexion interrompue",
    "unknown-name": "nom de domaine inconnu",
    "blocked-address": "adresse privée, que le service n’appelle pas",
    "tls": "certificat refusé",
    "secret-unreadable": "secret de signature illisible par le service",
}


def endpoint_warning_context(row: Row, base_url: str) -> dict[str, Any]:
    """Of a row of `messages.EMAIL_CONTEXT`. The query of the URL is left out: it may hold a secret."""
    url: str = row["endpoint_url"]
    address = urlsplit(url)
    return {
        "recipient": row["recipient"],
        "reference": row["endpoint_id"],
        "link": None,
        "kind": row["warning"],
        "host": address.hostname,
        "url": f"{address.scheme}://{address.netloc}{address.path}",
        "client": row["client"],
        "api": f"{base_url}/v1/webhook-endpoints/{row['endpoint_id']}",
        "guide": f"{base_url}/guide",
        "since": format_paris_time(row["failing_since"]),
        "since_instant": f"{row['failing_since']:%Y-%m-%dT%H:%M:%SZ}",
        "failures": row["failures"],
        "answer": f"statut {row['status']}" if row["status"] else FAILURE_LABELS.get(row["error"], "échec"),
    }
