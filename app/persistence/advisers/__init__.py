"""Advisers: their files, what concerns them alone, and their personal data shown or erased."""
