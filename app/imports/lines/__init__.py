"""The lines of a file: their values, the adviser each is about, and what is wrong with those that are rejected."""
