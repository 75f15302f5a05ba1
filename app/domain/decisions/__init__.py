"""How a request is decided from the facts, and what follows for the adviser's other registrations."""
