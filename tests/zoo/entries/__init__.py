"""The catalogue's pages, one per group of rules."""
