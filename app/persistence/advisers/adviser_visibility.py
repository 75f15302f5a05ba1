"""Which advisers a training organisation sees: those with a registration of its own that is not cancelled.

Once all are cancelled it still sees its registrations, and nothing more of the person. The row-level security of the
database says the same (migration 0011).
"""

HAS_LIVE_REGISTRATION = """EXISTS (SELECT FROM registration r WHERE r.adviser_id = {adviser}
    AND r.training_organisation_id = {organisation} AND r.status <> 'cancelled')"""
