"""What an organisation imports of its sessions: its calendar, and who attended."""
