"""What is done to one registration: decided, moved, cancelled, attended, answered by its adviser."""
