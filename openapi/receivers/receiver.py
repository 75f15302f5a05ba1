"""Recevoir les webhooks : `pip install standardwebhooks`, puis `WEBHOOK_SECRETS=whsec_… python receiver.py`.

Une livraison peut venir deux fois, ou après une plus récente. Chacune est vérifiée, rangée sous son identifiant et
acquittée, puis appliquée dans l’ordre ; un arrêt brutal n’en perd aucune.
"""

import json
import os
import sqlite3
import traceback
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

# Un secret ; pendant qu’il est remplacé, l’ancien et le nouveau, séparés par une espace.
WEBHOOKS = [Webhook(secret) for secret in os.environ["WEBHOOK_SECRETS"].split()]
PORT = int(os.environ.get("PORT", "3000"))
INBOX = os.environ.get("INBOX", "inbox.sqlite")  # en vrai : une table de votre base
LONGEST_BODY = 65_536  # octets ; un événement en a moins de 20 000

TABLE = """CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, subject TEXT, version INTEGER, position INTEGER,
    event TEXT NOT NULL, applied INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (position) WHERE applied = 0;
CREATE INDEX IF NOT EXISTS inbox_subject ON inbox (subject, version);"""
KEEP = "INSERT INTO inbox (id, subject, version, position, event) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
# Dans l’ordre du flux, sans ce qui est plus ancien que ce qui est déjà appliqué.
WAITING = """SELECT id, event FROM inbox WHERE applied = 0 AND NOT EXISTS (SELECT 1 FROM inbox AS later
    WHERE later.subject = inbox.subject AND later.version > inbox.version AND later.applied = 1) ORDER BY position"""
APPLIED = "UPDATE inbox SET applied = 1 WHERE id = ?"

arrived = Event()


def apply(event: dict[str, Any]) -> None:
    """À vous ; par exemple, relire l’inscription `event["data"]["subject"]["id"]` par l’API et la garder.

    Après un arrêt brutal, le même événement peut revenir ici.
    """
    print("Reçu :", event["type"], flush=True)


def received(body: bytes, headers: dict[str, str]) -> int:
    """Le statut à répondre, quel que soit votre serveur ; les noms des en-têtes en minuscules."""
    event = verified(body, headers)
    if event is None:
        return 400
    subject = event["data"].get("subject", {})
    kept = headers["webhook-id"], subject.get("id"), subject.get("version"), event["data"].get("position")
    with closing(sqlite3.connect(INBOX)) as inbox, inbox:
        inbox.execute(KEEP, (*kept, body.decode()))
    arrived.set()
    return 204


def verified(body: bytes, headers: dict[str, str]) -> dict[str, Any] | None:
    """L’événement, si un de nos secrets l’a signé, à cinq minutes près de notre horloge.

    Ce sont les octets reçus qui sont signés : un JSON réécrit n’a plus la même signature.
    """
    for webhook in WEBHOOKS:
        with suppress(WebhookVerificationError, ValueError):
            event: dict[str, Any] = webhook.verify(body, headers)
            return event
    return None


def apply_waiting() -> None:
    with closing(sqlite3.connect(INBOX)) as inbox:
        for id_, event in inbox.execute(WAITING).fetchall():
            apply(json.loads(event))
            with inbox:
                inbox.execute(APPLIED, (id_,))


def work() -> None:
    while True:
        try:
            apply_waiting()
        except Exception:
            traceback.print_exc()  # ce qui a échoué est repris dans la minute, avant ce qui suit
        arrived.wait(60)
        arrived.clear()


class Receiver(BaseHTTPRequestHandler):
    timeout = 10  # secondes, pour qui n’envoie pas ce qu’il annonce

    def do_POST(self) -> None:
        self.send_response(self.status())
        self.end_headers()

    def status(self) -> int:
        length = self.headers.get("Content-Length", "")
        if self.path != "/webhooks":
            return 404
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            return 413
        return received(self.rfile.read(int(length)), {name.lower(): value for name, value in self.headers.items()})


if __name__ == "__main__":
    with closing(sqlite3.connect(INBOX)) as inbox:
        inbox.executescript(TABLE)
    Thread(target=work, daemon=True).start()
    # Derrière votre serveur https.
    ThreadingHTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
