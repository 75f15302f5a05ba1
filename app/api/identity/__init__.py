"""Who calls and what they may do: API keys, access tokens, scopes, clients."""
