"""A PostgreSQL server that the service runs itself, for a first try without a database; enter by `running_cluster`."""
