"""How it is told: at least once, never inside the transaction that did it."""
