"""The state table of the upper layer (PS3.8 tables 9-7 to 9-10) as far as it concerns the accepting side."""

from __future__ import annotations

from enum import Enum

from yingheng.ingest.receiver.pdus import PduType


class State(Enum):
    """By their numbers in PS3.8."""

    IDLE = 1
    AWAITING_REQUEST = 2
    AWAITING_DECISION = 3
    ESTABLISHED = 6
    AWAITING_RELEASE = 7  # we asked for it
    RELEASING = 8  # the peer asked for it
    COLLISION_AWAITING = 10  # both asked; the accepting side waits for the peer's answer first
    COLLISION_ANSWERING = 12
    AWAITING_CLOSE = 13


class Event(Enum):
    """By their numbers in PS3.8."""

    AC_RECEIVED = 3
    RJ_RECEIVED = 4
    CONNECTED = 5
    RQ_RECEIVED = 6
    ACCEPT = 7
    REJECT = 8
    DATA_RECEIVED = 10
    RELEASE = 11
    RELEASE_RQ_RECEIVED = 12
    RELEASE_RP_RECEIVED = 13
    RELEASE_ANSWER = 14
    ABORT = 15
    ABORT_RECEIVED = 16
    CLOSED = 17
    TIMED_OUT = 18
    INVALID = 19


class Action(Enum):
    """What an association does on the way; several actions of PS3.8 that are one for us carry one name."""

    WAIT = "AE-5"
    DECIDE = "AE-6"
    SEND_ACCEPT = "AE-7"
    SEND_REJECT = "AE-8"
    TAKE_DATA = "DT-2"
    SEND_RELEASE = "AR-1"
    RELEASE_ASKED = "AR-2"
    RELEASED = "AR-3"
    ANSWER_RELEASE = "AR-4"
    CLOSE = "AR-5, AA-2"
    DROP_DATA = "AR-6"  # what comes after our request to release can no longer be acknowledged
    COLLIDE = "AR-8"
    COLLISION_CONFIRMED = "AR-10"
    SEND_ABORT = "AA-1, AA-8"
    PEER_ABORTED = "AA-3"
    LOST = "AA-4, AA-5"
    IGNORE = "AA-6"
    REPEAT_ABORT = "AA-7"


RECEIVED: dict[int, Event] = {
    PduType.ASSOCIATE_RQ: Event.RQ_RECEIVED,
    PduType.ASSOCIATE_AC: Event.AC_RECEIVED,
    PduType.ASSOCIATE_RJ: Event.RJ_RECEIVED,
    PduType.DATA: Event.DATA_RECEIVED,
    PduType.RELEASE_RQ: Event.RELEASE_RQ_RECEIVED,
    PduType.RELEASE_RP: Event.RELEASE_RP_RECEIVED,
    PduType.ABORT: Event.ABORT_RECEIVED,
}

_PDUS = tuple(RECEIVED.values())
_BEFORE, _AFTER = State.AWAITING_REQUEST, State.AWAITING_CLOSE
_BETWEEN = tuple(state for state in State if state not in {State.IDLE, _BEFORE, _AFTER})

Transitions = dict[tuple[State, Event], tuple[Action, State]]


def _common() -> Transitions:
    """What holds wherever nothing else is said."""
    table: Transitions = {}
    for state in _BETWEEN:
        for event in (*_PDUS, Event.INVALID, Event.ABORT, Event.TIMED_OUT):
            table[state, event] = (Action.SEND_ABORT, _AFTER)
        table[state, Event.ABORT_RECEIVED] = (Action.PEER_ABORTED, State.IDLE)
        table[state, Event.CLOSED] = (Action.LOST, State.IDLE)
    for event in (*_PDUS, Event.INVALID, Event.ABORT):
        table[_BEFORE, event] = (Action.SEND_ABORT, _AFTER)
        table[_AFTER, event] = (Action.IGNORE, _AFTER)
    return table


TRANSITIONS: Transitions = _common() | {
    (State.IDLE, Event.CONNECTED): (Action.WAIT, _BEFORE),
    (_BEFORE, Event.RQ_RECEIVED): (Action.DECIDE, State.AWAITING_DECISION),
    (_BEFORE, Event.ABORT_RECEIVED): (Action.PEER_ABORTED, State.IDLE),
    (_BEFORE, Event.CLOSED): (Action.LOST, State.IDLE),
    (_BEFORE, Event.TIMED_OUT): (Action.CLOSE, State.IDLE),
    (State.AWAITING_DECISION, Event.ACCEPT): (Action.SEND_ACCEPT, State.ESTABLISHED),
    (State.AWAITING_DECISION, Event.REJECT): (Action.SEND_REJECT, _AFTER),
    (State.ESTABLISHED, Event.DATA_RECEIVED): (Action.TAKE_DATA, State.ESTABLISHED),
    (State.ESTABLISHED, Event.RELEASE): (Action.SEND_RELEASE, State.AWAITING_RELEASE),
    (State.ESTABLISHED, Event.RELEASE_RQ_RECEIVED): (Action.RELEASE_ASKED, State.RELEASING),
    (State.AWAITING_RELEASE, Event.DATA_RECEIVED): (Action.DROP_DATA, State.AWAITING_RELEASE),
    (State.AWAITING_RELEASE, Event.RELEASE_RQ_RECEIVED): (Action.COLLIDE, State.COLLISION_AWAITING),
    (State.AWAITING_RELEASE, Event.RELEASE_RP_RECEIVED): (Action.RELEASED, State.IDLE),
    (State.RELEASING, Event.RELEASE_ANSWER): (Action.ANSWER_RELEASE, _AFTER),
    (State.COLLISION_AWAITING, Event.RELEASE_RP_RECEIVED): (Action.COLLISION_CONFIRMED, State.COLLISION_ANSWERING),
    (State.COLLISION_ANSWERING, Event.RELEASE_ANSWER): (Action.ANSWER_RELEASE, _AFTER),
    (_AFTER, Event.RQ_RECEIVED): (Action.REPEAT_ABORT, _AFTER),
    (_AFTER, Event.INVALID): (Action.REPEAT_ABORT, _AFTER),
    (_AFTER, Event.ABORT_RECEIVED): (Action.CLOSE, State.IDLE),
    (_AFTER, Event.CLOSED): (Action.CLOSE, State.IDLE),
    (_AFTER, Event.TIMED_OUT): (Action.CLOSE, State.IDLE),
}
