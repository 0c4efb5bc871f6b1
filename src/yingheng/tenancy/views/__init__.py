"""Pages: signing in, people and roles, organisations, the audit log (which itself knows nobody)."""
