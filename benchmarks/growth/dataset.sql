-- A database after five years: `advisers` people with five registrations, decisions and e-mails and fifteen events each.
--
-- The same rows at each run. Facts, events and answers are copies of those of a registration that the service has just
-- written, so that a row weighs what it weighs in earnest. The secondary indexes are built after the rows. Triggers and
-- foreign keys are not run for each row; `database.py` checks the keys of the smallest base.
\set ON_ERROR_STOP on
\set QUIET on
SET synchronous_commit = off;
SET maintenance_work_mem = '1GB';
SET work_mem = '256MB';
SET session_replication_role = replica;

-- As the ids of `benchmarks/dataset.py`.
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN ('00000000-0000-7000-' || kind || '-' || lpad(to_hex(n), 12, '0'))::uuid;

CREATE TEMPORARY TABLE sample AS
SELECT d.facts, o.data, i.headers, i.body FROM decision d, outbox o, idempotency i LIMIT 1;

INSERT INTO training_organisation
SELECT pg_temp.id('c000', n), 'Organisme ' || n, 'organisme.' || n || '@example.org', deliveries, 1, now(), now()
FROM generate_series(1, 10) n, (SELECT deliveries FROM training_organisation WHERE id = :'whole') o;

-- The indexes to build again, and the constraints that some of them are.
CREATE TEMPORARY TABLE former AS
SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS held, conname,
    CASE WHEN conname IS NULL THEN pg_get_indexdef(indexrelid)
        ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', indrelid::regclass, conname, pg_get_constraintdef(c.oid)) END
        AS made
FROM pg_index LEFT JOIN pg_constraint c ON c.conindid = indexrelid AND c.contype = 'u'
WHERE NOT indisprimary AND indrelid = ANY (ARRAY['adviser', 'contract', 'certification', 'registration', 'decision',
    'outbox', 'feed_entry', 'audit_log', 'idempotency', 'delivery', 'delivery_attempt']::regclass[]);
SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %s', name)
    ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', held, conname) END FROM former \gexec

-- What is asked for, in the order of time: every 20th is cancelled, refused, or over quota; organisation 10 has one in
-- ten thousand. Neighbours are about different people: 7919 is a prime.
CREATE TEMPORARY TABLE request AS
SELECT n, 2021 + n / :advisers AS year, pg_temp.id('8000', 1 + n * 7919 % :advisers) AS adviser_id,
    pg_temp.id('a000', n) AS id, pg_temp.id('b000', n) AS decision_id,
    timestamptz '2021-01-01 09:00+01' + (n * 1825.0 / (:advisers * 5)) * interval '1 day' AS at,
    CASE WHEN n % 20 = 0 THEN 'cancelled' WHEN n % 20 = 1 THEN 'refused' WHEN n % 1000 = 7 THEN 'awaiting_choice'
        ELSE 'completed' END AS status,
    n % 20 = 2 OR n % 1000 = 7 AS over_quota,
    modules[1 + n % cardinality(modules)] AS module,
    CASE WHEN n % 10000 = 9 THEN pg_temp.id('c000', 10) ELSE organisations[1 + n % cardinality(organisations)] END
        AS organisation
FROM (SELECT array_agg(code ORDER BY code) AS modules FROM module WHERE kind = 'thematic') m,
    (SELECT array_agg(id ORDER BY id) AS organisations FROM training_organisation WHERE id <> pg_temp.id('c000', 10)) o,
    generate_series(0::bigint, :advisers * 5 - 1) n;

ANALYZE request;

INSERT INTO adviser (id, conum_id, first_name, last_name, email, department, in_scheme, initial_training_entered_on,
    initial_training_ended_on, version, created_at, updated_at)
SELECT pg_temp.id('8000', n), n, 'Camille', 'Exemple ' || n, 'camille.' || n || '@example.org',
    lpad((1 + n % 95)::text, 2, '0'), true, '2022-03-14', '2022-06-14', 1, at, at
FROM generate_series(1::bigint, :advisers) n
CROSS JOIN LATERAL (SELECT timestamptz '2020-01-01 08:00+01' + (n * 1095.0 / :advisers) * interval '1 day' AS at) t;

INSERT INTO contract (id, adviser_id, type, starts_on, employer_siret, employer_name, employer_legal_form,
    employer_aidants_connect_accredited, employer_contact_email, ds_file_number, contract_uploaded_on, validated_on,
    version, created_at, updated_at)
SELECT pg_temp.id('9000', n), pg_temp.id('8000', n), 'CDI', '2020-01-10',
    lpad((21350238800000 + n % 5000)::text, 14, '0'), 'Ville', 'public', false, 'mairie@example.org', '1234567',
    '2020-01-17', '2020-01-20', 1, '2020-01-20', '2020-01-20' FROM generate_series(1::bigint, :advisers) n;

INSERT INTO certification (id, adviser_id, qualification, outcome, "on", attempt, version, created_at, updated_at)
SELECT pg_temp.id('e000', 2 * n + place), pg_temp.id('8000', n), code, 'obtained', '2022-09-12', 1, 1, '2022-09-12',
    '2022-09-12'
FROM generate_series(1::bigint, :advisers) n, unnest(ARRAY['remn-ccp1', 'pix']) WITH ORDINALITY q (code, place);

INSERT INTO registration (id, adviser_id, module_code, training_organisation_id, session_starts_on, session_ends_on,
    session_format, session_reference, requested_on, employer_agreement, status, funding, payer, unit, offered_payers,
    decision_id, cancelled_on, version, created_at, updated_at)
SELECT id, adviser_id, module, organisation, at::date + 42, at::date + 43, 'remote', 'SESSION-' || n % 1000, at::date,
    false, status, CASE WHEN status = 'completed' THEN CASE WHEN over_quota THEN 'none' ELSE 'state' END END,
    CASE WHEN status = 'completed' THEN CASE WHEN over_quota THEN 'self' ELSE 'state' END END,
    CASE WHEN status = 'completed' AND NOT over_quota THEN 'civil_year:' || year || '#1' END,
    CASE WHEN status = 'awaiting_choice' THEN '{self,employer}'::text[] ELSE '{}' END, decision_id,
    CASE WHEN status = 'cancelled' THEN at::date + 10 END, 2, at, at + interval '10 days' FROM request;

INSERT INTO decision (id, registration_id, adviser_id, cause, outcome, reasons, rules, funding, unit, policy_version,
    facts, automatic, decided_by, decided_at)
SELECT decision_id, id, adviser_id, 'request',
    CASE WHEN status = 'refused' THEN 'refused' WHEN over_quota THEN 'over_quota' ELSE 'accepted' END,
    CASE WHEN status = 'refused' THEN '[{"code": "not_in_post"}]' ELSE '[]' END::json, '{R22}',
    CASE WHEN status = 'completed' AND NOT over_quota THEN 'state' END,
    CASE WHEN status = 'completed' AND NOT over_quota THEN 'civil_year:' || year || '#1' END, '2021-01-01', facts, true,
    adviser_id, at FROM sample, request;

INSERT INTO outbox (id, event_id, type, subject_type, subject_id, subject_version, adviser_id, training_organisation_id,
    data, occurred_at, sequenced_at, history) OVERRIDING SYSTEM VALUE
SELECT 1000 + 3 * n + place, pg_temp.id('d000', 3 * n + place),
    (ARRAY['registration.accepted', 'registration.completed', 'entitlement.expiring'])[1 + place],
    CASE WHEN place < 2 THEN 'registration' ELSE 'adviser' END, CASE WHEN place < 2 THEN id ELSE adviser_id END,
    1 + place, adviser_id, CASE WHEN place < 2 THEN organisation END, data, at, at + interval '1 second', false
FROM sample, request, generate_series(0, 2) place;

INSERT INTO feed_entry (feed_id, position, outbox_id)
SELECT '00000000-0000-0000-0000-000000000000', row_number() OVER (ORDER BY id), id FROM outbox WHERE id >= 1000
UNION ALL SELECT training_organisation_id, row_number() OVER (PARTITION BY training_organisation_id ORDER BY id), id
FROM outbox WHERE id >= 1000 AND training_organisation_id IS NOT NULL;

INSERT INTO feed SELECT feed_id, max(position) FROM feed_entry GROUP BY feed_id;

INSERT INTO audit_log (id, at, client_id, action, refused, request_id, subject_ids)
SELECT pg_temp.id('f000', n), at, c.id, 'registerAdviser', false, r.id, ARRAY[adviser_id, r.id]
FROM request r, (SELECT id FROM client ORDER BY id LIMIT 1) c;

-- Three days of the five years.
INSERT INTO idempotency (client_id, key, fingerprint, status, headers, body, created_at)
SELECT c.id, 'growth-' || n, '\x00', 201, headers, body, now()
FROM sample, generate_series(1, :advisers * 5 * 3 / 1825) n, (SELECT id FROM client ORDER BY id LIMIT 1) c;

-- An e-mail about each registration, a webhook about every fifth.
INSERT INTO delivery (id, channel, lane_id, event_id, recipient, type, body, adviser_id, registration_id, decision_id,
    state, attempts, created_at, settled_at)
SELECT pg_temp.id('f001', n), 'email', '00000000-0000-0000-0000-000000000001', pg_temp.id('d000', 3 * n), 'adviser',
    'registration.accepted', NULL, adviser_id, id, decision_id, 'delivered', 1, at, at FROM request
UNION ALL SELECT pg_temp.id('f002', n), 'webhook', w.id, pg_temp.id('d000', 3 * n), 'endpoint', 'registration.accepted',
    convert_to(data::text, 'UTF8'), NULL, NULL, NULL, 'delivered', 1, at, at
FROM sample, request, (SELECT id FROM webhook_endpoint ORDER BY id LIMIT 1) w WHERE n % 5 = 0;

INSERT INTO delivery_attempt (delivery_id, replay, number, at, duration_ms, status)
SELECT id, 0, 1, created_at, 40, 200 FROM delivery WHERE id < pg_temp.id('f003', 0);

SELECT made FROM former ORDER BY held, name \gexec
SELECT setval(pg_get_serial_sequence('outbox', 'id'), max(id)) FROM outbox \g /dev/null
VACUUM (ANALYZE);
