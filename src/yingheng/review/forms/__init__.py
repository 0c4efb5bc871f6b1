"""Forms of film review.  They only read what was typed; services decide."""
