"""Computed tomography: what is measured on its phantoms."""
