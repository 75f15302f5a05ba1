"""Whom a training organisation has to do with: the advisers of whom it has a registration that is not cancelled.

Whatever was cancelled is done with: the organisation keeps its own registration, and learns nothing more of the person.
The database's own policies say the same (migration 0011).
"""

HAS_LIVE_REGISTRATION = """EXISTS (SELECT FROM registration r WHERE r.adviser_id = {adviser}
    AND r.training_organisation_id = {organisation} AND r.status <> 'cancelled')"""
