"""Who did it, as the log keeps it: copied, so that a renamed or removed account changes no history."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person (id and name as shown at that moment)."""

    id: str
    name: str
