"""The published contract: the document that the framework generates from the routes, completed for integrators."""
