"""Who may see and do what, where: organisations, people, roles, scope."""
