"""The tables by theme with what each column holds on people, retention periods, and migrations."""
