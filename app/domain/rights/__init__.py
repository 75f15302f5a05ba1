"""The funded rights of an adviser (droits financés): what there is, what is left, what is carried over (section 4)."""
