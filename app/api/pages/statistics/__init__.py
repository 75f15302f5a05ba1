"""The page of statistics, for whoever holds a key that may read them: why registrations are refused, at a glance."""
