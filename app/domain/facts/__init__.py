"""What the rules read: frozen values of the field, as of one moment."""
