"""Pages of the rules of a hospital."""
