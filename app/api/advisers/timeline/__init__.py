"""The training record as a picture: rows on an axis of time, drawn by a template."""
