"""Projection radiographs (DX, CR)."""
