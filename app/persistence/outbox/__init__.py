"""How events leave: positions and feed, webhook endpoints, deliveries, claims and e-mails."""
