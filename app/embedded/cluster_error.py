"""The one exception of this room."""


class ClusterError(Exception):
    """The embedded PostgreSQL cannot be had; the message says why and what to do, for whoever typed the command."""
