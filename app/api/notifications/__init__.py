"""The event feed, webhooks and e-mails: /v1/events, /v1/webhook-endpoints, /v1/deliveries and /v1/messages."""
