"""CatPhan 504 and 604: one module a concern, `analysis` puts them together."""
