"""The sentences that people read, in French and in English, shared by the API and by e-mails."""
