"""Recevoir un webhook : `pip install standardwebhooks fastapi uvicorn`, `uvicorn webhook:app`."""

import os

from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen: set[str] = set()  # en vrai : une table, avec une contrainte d’unicité
app = FastAPI()


@app.post("/webhooks")
async def receive(request: Request) -> Response:
    # Les octets reçus, tels quels : un JSON réécrit n’a plus la même signature.
    body = await request.body()
    try:
        event = webhook.verify(body, dict(request.headers))
    except (WebhookVerificationError, ValueError):
        return Response(status_code=400)
    delivery = request.headers["webhook-id"]
    if delivery not in seen:  # une livraison peut venir deux fois
        seen.add(delivery)
        # En vrai : mettre en file, et traiter ensuite.
        print("Reçu :", event["type"], flush=True)
    return Response(status_code=204)  # répondre d’abord, en moins de 15 secondes
