"""Which employer is written to about an adviser: one that can act, never one whom the adviser has left (section 9)."""

_LAST_DAY = "least(coalesce(n.ends_on, 'infinity'), coalesce(n.terminated_on, 'infinity'))"
_COVERS = f"{{day}} BETWEEN n.starts_on AND {_LAST_DAY}"
_RUNS = f"{{today}} BETWEEN n.starts_on AND {_LAST_DAY}"

# A contract of `adviser` with its columns as `n`. First that which a decision about `day` would read, then that of
# `today`, then one to come; of none that is over, or broken before `day`, unless the same employer goes on.
ACTING_EMPLOYER_CONTRACT = f"""SELECT n.* FROM contract n WHERE n.adviser_id = {{adviser}} AND EXISTS (
    SELECT FROM contract p WHERE p.adviser_id = n.adviser_id AND p.employer_siret = n.employer_siret
        AND coalesce(p.ends_on, 'infinity') >= {{today}}
        AND coalesce(p.terminated_on, 'infinity') >= greatest({{today}}, {{day}}))
ORDER BY {_COVERS} DESC, {_RUNS} DESC, n.starts_on > {{today}} DESC,
    num_nulls(n.ds_file_number, n.contract_uploaded_on, n.validated_on), n.starts_on DESC, n.id LIMIT 1"""

# The contract that a decision about `day` would read, its employer gone or not.
COVERING_CONTRACT = f"""SELECT n.* FROM contract n WHERE n.adviser_id = {{adviser}} AND {_COVERS}
ORDER BY num_nulls(n.ds_file_number, n.contract_uploaded_on, n.validated_on), n.starts_on DESC, n.id LIMIT 1"""

# Of an event `o`: the first day of the session that it tells of, else its own; both as they are in Paris.
EVENT_DAY = "(o.occurred_at AT TIME ZONE 'Europe/Paris')::date"
SESSION_OR_EVENT_DAY = f"coalesce((o.data ->> 'session_starts_on')::date, {EVENT_DAY})"
