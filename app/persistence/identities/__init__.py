"""How a person is recognised without storing who it is: tokens, keyed digests, and what is left of anonymised files."""
