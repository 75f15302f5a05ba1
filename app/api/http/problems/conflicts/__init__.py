"""The conflicts of the domain, each said as a problem."""
