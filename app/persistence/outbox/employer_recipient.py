"""The employer that e-mails about an adviser go to: one that can act, never one the adviser has left (section 9)."""

_LAST_DAY = "least(coalesce(n.ends_on, 'infinity'), coalesce(n.terminated_on, 'infinity'))"
_COVERS = f"{{day}} BETWEEN n.starts_on AND {_LAST_DAY}"
_RUNS = f"{{today}} BETWEEN n.starts_on AND {_LAST_DAY}"

# One contract of `adviser`, as `n`: that which a decision about `day` reads, else that of `today`, else one to come.
# None that has ended, or was terminated before `day`, unless the same employer has another.
ACTING_EMPLOYER_CONTRACT = f"""SELECT n.* FROM contract n WHERE n.adviser_id = {{adviser}} AND EXISTS (
    SELECT FROM contract p WHERE p.adviser_id = n.adviser_id AND p.employer_siret = n.employer_siret
        AND coalesce(p.ends_on, 'infinity') >= {{today}}
        AND coalesce(p.terminated_on, 'infinity') >= greatest({{today}}, {{day}}))
ORDER BY {_COVERS} DESC, {_RUNS} DESC, n.starts_on > {{today}} DESC,
    num_nulls(n.ds_file_number, n.contract_uploaded_on, n.validated_on), n.starts_on DESC, n.id LIMIT 1"""

# The contract that a decision about `day` reads, ended or not.
COVERING_CONTRACT = f"""SELECT n.* FROM contract n WHERE n.adviser_id = {{adviser}} AND {_COVERS}
ORDER BY num_nulls(n.ds_file_number, n.contract_uploaded_on, n.validated_on), n.starts_on DESC, n.id LIMIT 1"""

# The days of an event `o`, in Paris: its own, and the first day of its session, if it has one.
EVENT_DAY = "(o.occurred_at AT TIME ZONE 'Europe/Paris')::date"
SESSION_OR_EVENT_DAY = f"coalesce((o.data ->> 'session_starts_on')::date, {EVENT_DAY})"
