"""Reading what intake keeps, within a scope."""
