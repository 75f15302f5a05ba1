"""Sessions in calendars: their days, their hours, and the file that a calendar reads."""
