"""What may be typed after `python -m app`: options and help, read without importing anything that takes time."""
