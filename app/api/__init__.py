"""How it is asked: HTTP words in, HTTP words out."""
