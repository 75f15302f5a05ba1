"""The requests that the contract shows: each succeeds on the demonstration data."""
