"""CT series."""
