"""How the arguments of an endpoint are found in a request: worked out once for each route."""
