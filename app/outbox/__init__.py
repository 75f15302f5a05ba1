"""How events leave the service: webhooks and e-mails, at least once, never inside a transaction."""
