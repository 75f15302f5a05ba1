"""What every route shares: middleware, routing, bodies, fields, problems, pagination, preconditions, limits."""
