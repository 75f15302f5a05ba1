"""Results of exams: recorded one by one or a jury's together, and annulled."""
