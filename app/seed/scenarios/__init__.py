"""The fictional advisers of the demonstration: their scenarios as data, and what runs them through the use cases."""
