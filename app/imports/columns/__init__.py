"""What the columns of a file mean, and how their cells are read."""
