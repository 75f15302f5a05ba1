"""pgbench on the same server: the same transaction as nine plain statements."""

import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from statistics import quantiles

from app.embedded.cluster import Cluster
from app.seed.published_catalogue import LA_MEDNUM
from benchmarks.dataset import MODULE
from benchmarks.http_load import Result

_ADVISER = "('00000000-0000-7000-8000-' || lpad(to_hex(:n::int), 12, '0'))::uuid"

# The facts of a decision and the stored response, of the size that the service writes.
_FACTS = '{"file": "' + "x" * 3000 + '"}'
_ANSWER = "y" * 1100

_CLIENT, _LATENCY_US = 0, 2  # places in a line of the log

SCRIPT = f"""\\set turn :turn + :clients
\\set n :turn + :client_id
\\set year random(2027, 9000)
BEGIN;
SELECT id, department, in_scheme, initial_training_entered_on FROM adviser WHERE id = {_ADVISER} FOR NO KEY UPDATE;
SELECT * FROM contract WHERE adviser_id = {_ADVISER};
SELECT c.*, q.* FROM certification c JOIN qualification q ON q.code = c.qualification WHERE c.adviser_id = {_ADVISER};
SELECT r.*, m.*, o.deliveries FROM registration r JOIN module m ON m.code = r.module_code JOIN training_organisation o ON o.id = r.training_organisation_id WHERE r.adviser_id = {_ADVISER} ORDER BY r.created_at;
INSERT INTO registration (id, adviser_id, module_code, training_organisation_id, session_starts_on, session_ends_on, session_format, requested_on, employer_agreement, status, funding, payer, unit, offered_payers, decision_id, version, created_at, updated_at) VALUES (gen_random_uuid(), {_ADVISER}, '{MODULE}', '{LA_MEDNUM}', make_date(:year::int, 1, 1), make_date(:year::int, 1, 1), 'remote', '2026-04-01', false, 'refused', NULL, NULL, NULL, '{{}}', gen_random_uuid(), 1, now(), now());
INSERT INTO decision (id, registration_id, adviser_id, cause, outcome, reasons, rules, policy_version, facts, automatic, decided_by, decided_at) SELECT gen_random_uuid(), id, adviser_id, 'request', 'accepted', '[]', '{{R22}}', '2021-01-01', '{_FACTS}', true, adviser_id, created_at FROM registration WHERE adviser_id = {_ADVISER} ORDER BY created_at DESC LIMIT 1;
WITH remembered AS (INSERT INTO idempotency (client_id, key, fingerprint, status, headers, body, created_at) VALUES ({_ADVISER}, gen_random_uuid()::text, 'f', 201, '{{}}', '{_ANSWER}', now())) INSERT INTO outbox (event_id, type, subject_type, subject_id, subject_version, adviser_id, training_organisation_id, data, occurred_at) VALUES (gen_random_uuid(), 'registration.accepted', 'registration', {_ADVISER}, 1, {_ADVISER}, '{LA_MEDNUM}', '{{"status": "accepted", "funding": "state", "reasons": []}}', now());
COMMIT;
"""


def measure_pgbench(cluster: Cluster, numbers: range, seconds: float, clients: int) -> Result:
    """Transactions, prepared, over TCP as the service connects, each of an adviser of its own.

    Raise CalledProcessError.
    """
    threads, duration = min(2, clients), max(1, round(seconds))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "transaction.sql"
        script.write_text(SCRIPT)
        options = f"-n -M prepared -c {clients} -j {threads} -T {duration} -l --log-prefix={folder}/log".split()
        variables = ["-D", f"turn={numbers.start - clients}", "-D", f"clients={clients}"]
        command = [str(cluster.binaries / "pgbench"), *options, *variables, "-f", str(script), cluster.url("bench")]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        transactions = [line.split() for log in Path(folder).glob("log.*") for line in log.read_text().splitlines()]
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if found is None:
        raise ValueError(done.stdout)
    percentiles = quantiles((int(fields[_LATENCY_US]) / 1000 for fields in transactions), n=100)
    busiest = max(Counter(fields[_CLIENT] for fields in transactions).values())
    return Result(len(transactions), 0, float(found[1]), percentiles[49], percentiles[98], (busiest + 1) * clients)
