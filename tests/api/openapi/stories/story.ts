// One story, told by the TypeScript client that is generated from the contract: an adviser arrives, is registered
// twice, and chooses. It prints what it has seen.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import createClient from "openapi-fetch";

import type { components, paths } from "./contract.ts";

type Registration = components["schemas"]["RegistrationResource"];
type Request = components["schemas"]["RegistrationRequest"];

const { BASE_URL: baseUrl, KEY: key, TRAINING_ORGANISATION: organisation } = process.env;
assert(baseUrl && key && organisation);

const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const keyed = () => ({ header: { "Idempotency-Key": randomUUID() } });

const { data: adviser, response: added } = await api.POST("/v1/advisers", {
  params: keyed(),
  body: {
    first_name: "Camille",
    last_name: "Exemple",
    department: "35",
    initial_training: { entered_on: "2022-03-14", ended_on: "2022-06-03" },
  },
});
assert(adviser);
assert.equal(added.headers.get("Location"), `${baseUrl}/v1/advisers/${adviser.id}`);

const { data: contract } = await api.POST("/v1/contracts", {
  params: keyed(),
  body: {
    adviser_id: adviser.id,
    type: "CDI",
    starts_on: "2022-01-10",
    employer: { siret: "21350238800019", name: "Ville d’exemple", legal_form: "public" },
    administrative_file: { ds_file_number: "1234567", contract_uploaded_on: "2022-01-17", validated_on: "2022-01-20" },
  },
});
assert(contract);
assert.equal(contract.ends_on, null);

const asked = (module_code: string, day: string): Request => ({
  adviser_id: adviser.id,
  module_code,
  training_organisation_id: organisation,
  session: { starts_on: day, ends_on: day, format: "remote" },
  requested_on: "2026-06-01",
});

const { data: preview } = await api.POST("/v1/registrations/preview", { body: asked("handicap", "2026-09-15") });
assert(preview);

const { data: first } = await api.POST("/v1/registrations", { params: keyed(), body: asked("handicap", "2026-09-15") });
assert(first);
assert.equal(first.entitlement, preview.entitlement);

const path = { registration_id: first.id };
const { response: read } = await api.GET("/v1/registrations/{registration_id}", { params: { path } });
const { response: again } = await api.GET("/v1/registrations/{registration_id}", {
  params: { path, header: { "If-None-Match": read.headers.get("ETag") ?? "" } },
});

const { error: problem } = await api.POST("/v1/registrations", {
  params: keyed(),
  body: asked("handicap", "2026-09-15"),
});
assert(problem);

const { data: second } = await api.POST("/v1/registrations", {
  params: keyed(),
  body: asked("cybersecurite", "2026-10-13"),
});
assert(second);
const keep = second.choices.find((offered) => offered.choice === "keep");
const payer = keep?.payers?.find((offered) => offered !== "state");
assert(payer);
const { data: kept } = await api.POST("/v1/registrations/{registration_id}/choice", {
  params: { path: { registration_id: second.id }, ...keyed() },
  body: { choice: "keep", payer },
});
assert(kept);

const listed: Registration[] = [];
let pages = 0;
let cursor: string | null = null;
do {
  const query: { adviser_id: string; limit: number; cursor?: string } = { adviser_id: adviser.id, limit: 1 };
  if (cursor !== null) query.cursor = cursor;
  const { data: page } = await api.GET("/v1/registrations", { params: { query } });
  assert(page && typeof page !== "string"); // the list is also a file
  listed.push(...page.data);
  cursor = page.pagination.next;
  pages += 1;
} while (cursor !== null);

console.log(
  JSON.stringify({
    previewed: preview.outcome,
    first: [first.status, first.entitlement],
    read_again: again.status,
    problem: [problem.status, problem.code],
    second: second.status,
    kept: [kept.status, kept.funding, kept.payer],
    listed: listed.map((registration) => registration.module_code),
    pages,
  }),
);
