"""`make bench-growth`: what costs more in a large database than in a small one."""
