"""What a use case changed, as rows: registrations, decisions, events, seats."""
