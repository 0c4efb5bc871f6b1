"""Database triggers: runs, values and readings of tests are insert only, and a submitted test never changes.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "phantomqc",
    "what a test found is append-only",
    (
        Stays("phantomqc_phantomrun"),
        Stays("phantomqc_itemvalue"),
        Stays("phantomqc_instrumentreading"),
        Stays("phantomqc_devicetest", when="OLD.state = 'submitted'"),
    ),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
