"""Registrations with their decisions, one by one, in batches, as pages of texts; reports of attendance."""
