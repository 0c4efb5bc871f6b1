"""Database triggers: readings, rulings, qualifications and frames are insert only, and final marks never change.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "review",
    "what was read and ruled is append-only",
    (
        Stays("review_reading"),
        Stays("review_ruling"),
        Stays("review_qualification"),
        Stays("review_frame"),
        Stays("review_signoff"),
        Stays("review_mark", when="OLD.is_final"),
    ),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
