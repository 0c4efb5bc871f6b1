"""The log of what people did: insert only, chained by hashes, verified by a command."""
