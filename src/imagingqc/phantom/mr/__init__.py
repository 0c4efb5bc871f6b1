"""Magnetic resonance: what is measured on its phantoms."""
