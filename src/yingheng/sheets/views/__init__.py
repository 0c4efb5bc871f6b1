"""Pages of templates of sheets."""
