"""Other makers of passes, each in its own environment: see `contest`."""
