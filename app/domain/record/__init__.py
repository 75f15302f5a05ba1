"""What an adviser is shown and reminded of on a day: rights, obligations, exams and missed sessions."""
