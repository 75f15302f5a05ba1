"""/v1/certifications and /v1/qualifications: routes, requests and resources."""
