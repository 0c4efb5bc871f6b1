"""Database triggers: published templates and submitted sheets never change.

Of a published template only the withdrawal may be written, of a submitted sheet only whether it is the current one.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_DRAFT_IS_FREE = "OLD.state <> 'draft'"
_ONLY_WITHDRAWN = "OLD.state = 'withdrawn' OR (OLD.state = 'published' AND NEW.state <> 'withdrawn')"
_TRIGGERS = Triggers(
    "sheets",
    "published sheets are never changed",
    (
        Stays(
            "sheets_template",
            free=("state", "withdrawn_by_name", "withdrawn_at", "withdrawn_reason"),
            closed=_ONLY_WITHDRAWN,
            when=_DRAFT_IS_FREE,
        ),
        Stays("sheets_response", free=("is_current",), when=_DRAFT_IS_FREE),
    ),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
