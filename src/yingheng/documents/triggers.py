"""Database triggers: signatures never change, of an attachment only its removal may be written, none is deleted.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "documents",
    "documents are append-only",
    (
        Stays(
            "documents_attachment",
            free=("removed_by_name", "removed_at", "removed_reason"),
            closed="OLD.removed_at IS NOT NULL",
        ),
        Stays("documents_signature"),
    ),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
