"""What the service does: one verb, one visible transaction and one file each."""
