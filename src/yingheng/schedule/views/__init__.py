"""Pages of the calendar and of plans."""
