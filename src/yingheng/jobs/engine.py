"""The seam between the job rows and what carries them out.

An engine owns no truth. It may be killed at any instant: the rows say what is queued, what is leased until when and
how often it was tried, and `services.sweep` finds what an engine lost. So an engine has to do four things only:

1. take work with `services.claim` and hand each `Claim` to a process that calls `runner.run_claim`;
2. lengthen the leases of what is under way with `services.heartbeat`, well before they run out;
3. report each end once with `services.complete`, `services.fail` or `services.release`;
4. call `services.sweep` now and then.

`local.LocalEngine` does so by polling, on SQLite and PostgreSQL, with any number of such engines side by side. A
broker between machines carries job ids as mere hints: its task claims the row by the same services and finds nothing
to do when the hint comes twice, so the broker's own faults lose and double nothing.
"""

from typing import Protocol


class Engine(Protocol):
    """Carries out jobs until told to stop."""

    def run(self, *, once: bool = False) -> int:
        """Work until `stop`, or with `once` until nothing is due; returns how many attempts were run."""

    def stop(self) -> None:
        """Take no new work, finish or give back what is under way, and let `run` return. Safe in a signal handler."""
