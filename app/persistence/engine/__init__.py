"""How a statement is run: connections, transactions, locks, roles, secrets and failures."""
