"""Reading request bodies and writing response bodies."""
