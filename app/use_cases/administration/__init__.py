"""What administrators do: clients and API keys, policies, imports, the rotation of secrets."""
