"""The command line: one command, one file, which imports what it runs when it runs it."""
