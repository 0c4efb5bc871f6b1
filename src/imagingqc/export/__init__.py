"""Results for other systems."""
