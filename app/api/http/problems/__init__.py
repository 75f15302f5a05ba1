"""Errors as problem details (RFC 9457): the catalogue, and what each error becomes."""
