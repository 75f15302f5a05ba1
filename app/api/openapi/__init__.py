"""The published contract: what the framework finds in the routes, made into what integrators can build on."""
