"""Pages and files for customers."""
