"""Limits on connections, rates and concurrency, and whose address they count."""
