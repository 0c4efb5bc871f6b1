"""MR series."""
