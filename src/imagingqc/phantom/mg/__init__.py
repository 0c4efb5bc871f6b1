"""Mammography: what is measured on its phantoms."""
