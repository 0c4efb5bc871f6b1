"""Database triggers: what was decided about the use of a device is never changed nor deleted.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "registry",
    "the history of use is append-only",
    (Stays("registry_usechange"),),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
