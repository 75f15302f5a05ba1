// Recevoir les webhooks. Il faut Node 22.18 et `npm install standardwebhooks` ; puis
// `WEBHOOK_SECRETS=whsec_… node receiver.ts`.
//
// Une livraison peut venir deux fois, ou après une plus récente. Chacune est vérifiée, rangée sous son identifiant et
// acquittée, puis appliquée dans l’ordre ; un arrêt brutal n’en perd aucune.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

type Event = { type: string; data: { position?: number; subject?: { id: string; version: number } } };

// Un secret ; pendant qu’il est remplacé, l’ancien et le nouveau, séparés par une espace.
const webhooks = (process.env.WEBHOOK_SECRETS ?? "").split(" ").map((secret) => new Webhook(secret));
const port = Number(process.env.PORT ?? 3000);
const inbox = new DatabaseSync(process.env.INBOX ?? "inbox.sqlite"); // en vrai : une table de votre base
const longestBody = 65_536; // octets ; un événement en a moins de 20 000

inbox.exec(`CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, subject TEXT, version INTEGER, position INTEGER,
    event TEXT NOT NULL, applied INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (position) WHERE applied = 0;
CREATE INDEX IF NOT EXISTS inbox_subject ON inbox (subject, version);`);
const keep = inbox.prepare(
  "INSERT INTO inbox (id, subject, version, position, event) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
);
// Dans l’ordre du flux, sans ce qui est plus ancien que ce qui est déjà appliqué.
const waiting =
  inbox.prepare(`SELECT id, event FROM inbox WHERE applied = 0 AND NOT EXISTS (SELECT 1 FROM inbox AS later
    WHERE later.subject = inbox.subject AND later.version > inbox.version AND later.applied = 1) ORDER BY position`);
const applied = inbox.prepare("UPDATE inbox SET applied = 1 WHERE id = ?");

// À vous ; par exemple, relire l’inscription `event.data.subject.id` par l’API et la garder. Après un arrêt brutal, le
// même événement peut revenir ici.
async function apply(event: Event): Promise<void> {
  console.log("Reçu :", event.type);
}

// Le statut à répondre, quel que soit votre serveur.
function received(body: Buffer, headers: IncomingHttpHeaders): number {
  const event = verified(body, headers);
  if (event === null) return 400;
  const { position = null, subject } = event.data;
  keep.run(String(headers["webhook-id"]), subject?.id ?? null, subject?.version ?? null, position, body.toString());
  return 204;
}

// L’événement, si un de nos secrets l’a signé, à cinq minutes près de notre horloge. Ce sont les octets reçus qui sont
// signés : un JSON réécrit n’a plus la même signature.
function verified(body: Buffer, headers: IncomingHttpHeaders): Event | null {
  for (const webhook of webhooks) {
    try {
      return webhook.verify(body, headers as Record<string, string>) as Event;
    } catch {
      continue; // l’autre secret, peut-être
    }
  }
  return null;
}

async function applyWaiting(): Promise<void> {
  for (const { id, event } of waiting.all() as { id: string; event: string }[]) {
    await apply(JSON.parse(event) as Event);
    applied.run(id);
  }
}

let applying = Promise.resolve();
function arrived(): void {
  applying = applying.then(applyWaiting).catch(console.error); // repris dans la minute, avant ce qui suit
}

async function status(request: IncomingMessage): Promise<number> {
  if (request.method !== "POST" || request.url !== "/webhooks") return 404;
  if (!(Number(request.headers["content-length"]) <= longestBody)) return 413;
  return received(await buffer(request), request.headers);
}

const server = createServer(async (request, response) => {
  const said = await status(request).catch((error: unknown) => (console.error(error), 500));
  response.writeHead(said).end();
  if (said === 204) arrived();
});
server.requestTimeout = 10_000; // millisecondes, pour qui n’envoie pas ce qu’il annonce
server.listen(port, "127.0.0.1"); // derrière votre serveur https
setInterval(arrived, 60_000);
arrived();
