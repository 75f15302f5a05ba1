"""Spreadsheets in, deeds of the use cases out; every line that can't be carried out is given back with the reason."""
