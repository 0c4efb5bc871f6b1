"""Ultrasound: what is measured on its phantoms."""
