"""Features of patient images and of their headers, one quantity family per file."""
