"""Database triggers: entries of the trail are never changed nor deleted.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "audit",
    "audit entries are insert only",
    (Stays("audit_entry"),),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
