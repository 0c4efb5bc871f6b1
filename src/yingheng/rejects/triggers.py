"""Database triggers: what people decided about reasons, and that an import was taken back, is insert only.

A migration that rebuilds the table must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "rejects",
    "decisions on reasons and imports taken back are append-only",
    (Stays("rejects_reasondecision"), Stays("rejects_logwithdrawal")),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
