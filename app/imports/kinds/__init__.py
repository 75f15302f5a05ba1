"""What can be imported: a file for each kind, with its columns and what a line changes."""
