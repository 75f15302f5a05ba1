"""Secrets stored in the database, and the keys that open them."""
