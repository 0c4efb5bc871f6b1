"""Database triggers: what was published is never changed nor deleted, only withdrawn; withdrawn stays withdrawn.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_DRAFT_IS_FREE = "OLD.state <> 'draft'"
_ONLY_WITHDRAWN = "OLD.state = 'withdrawn' OR (OLD.state = 'published' AND NEW.state <> 'withdrawn')"
_TRIGGERS = Triggers(
    "rulebook",
    "published rules are never changed",
    (
        Stays(
            "rulebook_ruleedition",
            free=("state", "withdrawn_by_id", "withdrawn_by_name", "withdrawn_at", "withdrawn_reason"),
            closed=_ONLY_WITHDRAWN,
            when=_DRAFT_IS_FREE,
        ),
    ),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
