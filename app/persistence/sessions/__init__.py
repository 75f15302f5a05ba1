"""Published sessions, their seats, and the deeds on all their registrations."""
