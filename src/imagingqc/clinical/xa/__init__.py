"""Angiography and fluoroscopy (XA, RF)."""
