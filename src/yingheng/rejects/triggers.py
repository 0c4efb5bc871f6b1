"""Database triggers: what people decided about reasons is insert only.

A migration that rebuilds the table must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers("rejects", "decisions on reasons are append-only", (Stays("rejects_reasondecision"),))
install, remove = _TRIGGERS.install, _TRIGGERS.remove
