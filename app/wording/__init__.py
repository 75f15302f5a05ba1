"""What people read, in French and in English: one place for each sentence, shared by the API and by messages."""
