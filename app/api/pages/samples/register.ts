// Une inscription, de la demande à la décision. Il faut Node 20, et rien d’autre.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

interface Reason {
  label: string;
  how_to_fix: string | null;
  who_acts: string;
}

interface Registration {
  status: string;
  decision: { summary: string; reasons: Reason[] };
}

interface Problem {
  code: string;
  detail: string;
  type: string;
}

const { BASE_URL, API_KEY, ADVISER_ID } = process.env;
const authorization = `Bearer ${API_KEY}`;
const attempts = 5;

const demand = {
  adviser_id: ADVISER_ID,
  module_code: "parentalite-numerique",
  training_organisation_id: "a02e0122-c66e-5634-aa81-ec4e6499f818",
  session: { starts_on: "2028-02-08", ends_on: "2028-02-08", format: "remote" },
  requested_on: "2026-06-01",
};

// Une clé par demande, la même à chaque essai : rien n’est jamais inscrit deux fois.
async function send(demand: object): Promise<Response> {
  const request = {
    method: "POST",
    headers: {
      authorization,
      "Content-Type": "application/json",
      "Idempotency-Key": randomUUID(),
    },
    body: JSON.stringify(demand),
  };
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    // Sans réponse, la demande est-elle arrivée ? La rejouer avec la même clé le dira.
    const answer = await fetch(`${BASE_URL}/v1/registrations`, request).catch(() => null);
    const retryAfter = answer?.headers.get("Retry-After");
    if (answer && !retryAfter) return answer;
    await sleep(1000 * Number(retryAfter ?? attempt));
  }
  return fetch(`${BASE_URL}/v1/registrations`, request);
}

let answer = await send(demand);
const first = answer.headers.get("Link")?.match(/<([^>]+)>; rel="duplicate"/)?.[1];
if (answer.status === 409 && first) {
  console.log("Déjà inscrit à cette session.");
  answer = await fetch(first, { headers: { authorization } });
}

if (answer.ok) {
  // Un refus est une réponse : tous ses motifs, ce qu’il faut faire, qui doit agir.
  const { status, decision } = (await answer.json()) as Registration;
  console.log(`${status} : ${decision.summary}`);
  for (const reason of decision.reasons) {
    console.log(`- ${reason.label} ${reason.how_to_fix ?? ""} (${reason.who_acts})`);
  }
} else {
  // `code` pour le programme, `detail` pour la personne, `type` pour en savoir plus.
  const { code, detail, type } = (await answer.json()) as Problem;
  console.error(`${code} : ${detail} Voir ${type}`);
  process.exitCode = 1;
}
