"""The tables by theme, each with what it and its columns hold on people."""
