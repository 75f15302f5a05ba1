"""What is done to an adviser and the adviser's file, and the lists made of these files."""
