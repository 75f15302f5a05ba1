"""Spreadsheets in, through the use cases; a line that can't be carried out is given back with the reason."""
