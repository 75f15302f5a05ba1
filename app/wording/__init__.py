"""What people read, in French: one place for each sentence, shared by the API and by messages."""
