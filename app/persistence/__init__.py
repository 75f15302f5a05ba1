"""Where it is remembered: the only room that speaks SQL."""
