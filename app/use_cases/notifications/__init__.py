"""How events are sequenced, and what is asked about webhooks and e-mails."""
