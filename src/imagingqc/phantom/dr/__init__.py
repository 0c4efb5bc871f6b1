"""Digital radiography: what is measured on its phantoms."""
