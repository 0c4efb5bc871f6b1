"""Views of the addresses for programs."""
