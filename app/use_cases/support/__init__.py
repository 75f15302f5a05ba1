"""Support requests: opened, answered by a person, withdrawn; over the API, and by a personal link."""
