"""Database triggers: minutes that were recorded never change, nor who was said to have led and recorded a meeting.

A migration that rebuilds the table must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "governance",
    "recorded minutes are append-only",
    (Stays("governance_minutes"), Stays("governance_officerchange")),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
