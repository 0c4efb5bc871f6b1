"""The reading room: blind images and a score sheet side by side."""
