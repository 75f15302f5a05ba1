"""/v1/sessions: what training organisations publish, with seats."""
