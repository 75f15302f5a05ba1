"""The types of request fields, what they check and what they say is wrong."""
