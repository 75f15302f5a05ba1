"""What a new database holds: the published catalogue and policy, and a demonstration department."""
