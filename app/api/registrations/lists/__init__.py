"""What a list of registrations is filtered by, and the list as a file."""
