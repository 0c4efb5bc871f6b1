"""Plans and what falls due: one engine for tests, maintenance, certificates and reviews."""
