"""/v1/advisers and /v1/obligations: people, their training record, carry-overs and personal data."""
