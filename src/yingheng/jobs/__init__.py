"""Work that a fact causes: rows inserted with the fact, run at least once by workers that may die."""
