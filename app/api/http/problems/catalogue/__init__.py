"""Every problem of this API: its code, its status, its title and what to do about it."""
