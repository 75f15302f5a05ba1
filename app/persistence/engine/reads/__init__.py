"""Reads that cost less: as a training organisation, together with others who wait, as the text of a resource."""
