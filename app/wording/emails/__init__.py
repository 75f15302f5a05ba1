"""E-mails: what their templates name, the templates, and their layout."""
