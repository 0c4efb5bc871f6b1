"""Logs of exposures as devices export them: bytes to rows, columns by their headings, rows to facts.  No database."""
