"""The catalogue, /v1/modules and /v1/training-organisations: routes, requests and resources."""
