"""States of what goes out, as tags."""

from __future__ import annotations

from yingheng.common.ui.parts import Tag
from yingheng.ingest.models import CommitmentAsk, Delivery

POSTED_TONES = {
    "held": "human",
    "waiting": "neutral",
    "sending": "accent",
    "sent": "pass",
    "failed": "fail",
    "cancelled": "none",
}
_COMMITMENT_TONES = {
    "waiting": "neutral",
    "asked": "accent",
    "committed": "pass",
    "failed": "fail",
    "timed_out": "human",
}


def delivery_tag(row: Delivery) -> Tag:
    """The state of an entry of the outbox."""
    return Tag(str(row.get_state_display()), POSTED_TONES[row.state])


def commitment_tag(state: str) -> Tag:
    """The state of a request for storage commitment; only "vouched for" is green."""
    return Tag(str(CommitmentAsk.State(state).label), _COMMITMENT_TONES[state])
