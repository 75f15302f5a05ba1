"""What is decided: pure, standard library only; sections 3 to 7 of the specification in the field's own words."""
