// Recevoir un webhook. Il faut Node 20 et `npm install standardwebhooks`.
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET ?? "");
const seen = new Set<string>(); // en vrai : une table, avec une contrainte d’unicité

const server = createServer(async (request, response) => {
  // Les octets reçus, tels quels : un JSON réécrit n’a plus la même signature.
  const body = await buffer(request);
  const headers = request.headers as Record<string, string>;
  try {
    const event = webhook.verify(body, headers) as { type: string };
    if (!seen.has(headers["webhook-id"])) {
      seen.add(headers["webhook-id"]); // une livraison peut venir deux fois
      console.log("Reçu :", event.type); // en vrai : mettre en file, et traiter ensuite
    }
    response.writeHead(204).end(); // répondre d’abord, en moins de 15 secondes
  } catch {
    response.writeHead(400).end();
  }
});

server.listen(Number(process.env.PORT ?? 3000));
