"""What people read in a browser: pages as files, not as strings of Python."""
