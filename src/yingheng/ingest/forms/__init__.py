"""Forms of the intake pages.  They only read what was typed; services decide."""
