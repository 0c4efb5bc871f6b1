"""Statistics of film review: what results come to, how readers agree, how they agree with the machine."""
