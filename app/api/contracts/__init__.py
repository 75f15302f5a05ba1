"""/v1/contracts: routes, requests and resources."""
