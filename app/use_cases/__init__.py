"""What the service does: one verb, one visible transaction, one file each."""
