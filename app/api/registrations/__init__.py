"""/v1/registrations: routes, requests, and resources of registrations and decisions."""
