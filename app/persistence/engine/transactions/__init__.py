"""What a transaction does beside its work: locks, idempotency, the audit entry and the watermark."""
