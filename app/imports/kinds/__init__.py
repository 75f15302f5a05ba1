"""What can be imported: for each kind its columns, and what a line changes."""
