"""How a department steers itself: quality meetings, study sessions, what was agreed there and what became of it."""
