"""Data in: today folders of files; receivers and queries come beside them."""
