"""For administrators: policies, imports, statistics and the audit log."""
