"""The states of meetings and of action items, as tables: (state, event) -> state."""

from __future__ import annotations

from collections.abc import Mapping

from yingheng.common.errors import Conflict

INDICATOR = "governance.meeting"  # cells: meetings planned, and held with signed minutes
MEETING: Mapping[tuple[str, str], str] = {
    ("planned", "call"): "called",
    ("called", "hold"): "held",
    ("held", "record"): "recorded",
    ("recorded", "sign"): "signed",
    ("recorded", "correct"): "held",
    ("signed", "correct"): "held",
    ("planned", "cancel"): "cancelled",
    ("called", "cancel"): "cancelled",
}
ACTION: Mapping[tuple[str, str], str] = {
    ("open", "done"): "done",
    ("done", "verify"): "verified",
    ("done", "again"): "open",
    ("open", "drop"): "dropped",
    ("done", "drop"): "dropped",
}
AHEAD = ("planned", "called")  # what is said of the meeting itself may still be changed
LIVE = ("open", "done")  # action items that are not settled


def meeting_next(state: str, event: str) -> str:
    """The state of a meeting after an event; Conflict where it cannot happen."""
    if (state, event) not in MEETING:
        raise Conflict("governance.meeting_state")
    return MEETING[state, event]


def action_next(state: str, event: str) -> str:
    """The state of an action item after an event; Conflict where it cannot happen."""
    if (state, event) not in ACTION:
        raise Conflict("governance.action_state")
    return ACTION[state, event]
