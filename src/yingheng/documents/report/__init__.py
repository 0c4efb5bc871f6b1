"""One report model, rendered as PDF, Word and Excel."""
