"""The one exception that the embedded PostgreSQL raises."""


class ClusterError(Exception):
    """The embedded PostgreSQL cannot run; the message says why and what to do, to the person who typed the command."""
