"""Who and where: devices, persons, rooms and exam items (identity only)."""
