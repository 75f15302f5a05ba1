"""A PostgreSQL of one's own, for the first minute: nothing to install, nothing left behind.

`cluster.running_cluster` is the front door; `parenthood` ties a process to the one that started it.
"""
