"""Pages of the dictionaries: lists, one entry, writing it, lists that are sent, reference pictures."""
