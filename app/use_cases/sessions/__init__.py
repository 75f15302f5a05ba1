"""Publish, change, confirm and cancel a session; give its seats; carry out what concerns all its registrations."""
