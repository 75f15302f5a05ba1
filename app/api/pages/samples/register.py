"""Une inscription, de la demande à la décision. Il faut Python 3.11 et `pip install httpx`."""

import os
import time
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx

DEMAND = {
    "adviser_id": os.environ["ADVISER_ID"],
    "module_code": "parentalite-numerique",
    "training_organisation_id": "a02e0122-c66e-5634-aa81-ec4e6499f818",
    "session": {"starts_on": "2028-02-08", "ends_on": "2028-02-08", "format": "remote"},
    "requested_on": "2026-06-01",
}
ATTEMPTS = 5


def send(api: httpx.Client, demand: dict[str, Any]) -> httpx.Response:
    """Une clé par demande, la même à chaque essai : rien n’est jamais inscrit deux fois."""
    headers = {"Idempotency-Key": str(uuid4())}
    for attempt in range(1, ATTEMPTS):
        wait = float(attempt)
        try:
            answer = api.post("/v1/registrations", json=demand, headers=headers)
        except httpx.TransportError:
            pass  # la demande est-elle arrivée ? La rejouer avec la même clé le dira
        else:
            if "Retry-After" not in answer.headers:
                return answer
            wait = float(answer.headers["Retry-After"])
        time.sleep(wait)
    return api.post("/v1/registrations", json=demand, headers=headers)


with httpx.Client(
    base_url=os.environ["BASE_URL"], headers={"Authorization": f"Bearer {os.environ['API_KEY']}"}
) as client:
    reply = send(client, DEMAND)
    if reply.status_code == HTTPStatus.CONFLICT and "duplicate" in reply.links:
        print("Déjà inscrit à cette session.")
        reply = client.get(reply.links["duplicate"]["url"])

body = reply.json()
if reply.is_error:
    # `code` pour le programme, `detail` pour la personne, `type` pour en savoir plus.
    raise SystemExit(f"{body['code']} : {body['detail']} Voir {body['type']}")

# Un refus est une réponse : tous ses motifs, ce qu’il faut faire, qui doit agir.
print(body["status"], ":", body["decision"]["summary"])
for reason in body["decision"]["reasons"]:
    print("-", reason["label"], reason["how_to_fix"] or "", f"({reason['who_acts']})")
