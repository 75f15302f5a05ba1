"""What operates the service: clients and keys, policies, imports, the audit log, statistics, health."""
