"""The state table against PS3.8 table 9-10, as far as it concerns whoever accepts."""

import itertools

import pytest

from yingheng.ingest.receiver.states import RECEIVED, TRANSITIONS, Action, Event, State

# numbers of events that the standard has in each state of the accepting side; 15 (abort of our own) everywhere but in 2
# and 13; timers only where they run
STANDARD = {
    2: {3: "AA-1", 4: "AA-1", 6: "AE-6", 10: "AA-1", 12: "AA-1", 13: "AA-1", 16: "AA-2", 17: "AA-5", 18: "AA-2",
        19: "AA-1"},
    3: {3: "AA-8", 4: "AA-8", 6: "AA-8", 7: "AE-7", 8: "AE-8", 10: "AA-8", 12: "AA-8", 13: "AA-8", 15: "AA-1",
        16: "AA-3", 17: "AA-4", 19: "AA-8"},
    6: {3: "AA-8", 4: "AA-8", 6: "AA-8", 10: "DT-2", 11: "AR-1", 12: "AR-2", 13: "AA-8", 15: "AA-1", 16: "AA-3",
        17: "AA-4", 19: "AA-8"},
    7: {3: "AA-8", 4: "AA-8", 6: "AA-8", 10: "AR-6", 12: "AR-8", 13: "AR-3", 15: "AA-1", 16: "AA-3", 17: "AA-4",
        19: "AA-8"},
    8: {3: "AA-8", 4: "AA-8", 6: "AA-8", 10: "AA-8", 12: "AA-8", 13: "AA-8", 14: "AR-4", 15: "AA-1", 16: "AA-3",
        17: "AA-4", 19: "AA-8"},
    10: {3: "AA-8", 4: "AA-8", 6: "AA-8", 10: "AA-8", 12: "AA-8", 13: "AR-10", 15: "AA-1", 16: "AA-3", 17: "AA-4",
         19: "AA-8"},
    12: {3: "AA-8", 4: "AA-8", 6: "AA-8", 10: "AA-8", 12: "AA-8", 13: "AA-8", 14: "AR-4", 15: "AA-1", 16: "AA-3",
         17: "AA-4", 19: "AA-8"},
    13: {3: "AA-6", 4: "AA-6", 6: "AA-7", 10: "AA-6", 12: "AA-6", 13: "AA-6", 16: "AA-2", 17: "AR-5", 18: "AA-2",
         19: "AA-7"},
}  # fmt: skip
NEXT = {"AE-6": 3, "AE-7": 6, "AE-8": 13, "DT-2": 6, "AR-1": 7, "AR-2": 8, "AR-3": 1, "AR-4": 13, "AR-5": 1, "AR-6": 7,
        "AR-8": 10, "AR-10": 12, "AA-1": 13, "AA-2": 1, "AA-3": 1, "AA-4": 1, "AA-5": 1, "AA-6": 13, "AA-7": 13,
        "AA-8": 13}  # fmt: skip
# what we do at once where the standard tells two things apart that look the same from outside: closing without a word
SAME = {"AA-2": {"AA-2", "AA-3"}}


def cells():
    return [(state, event, action) for state, row in STANDARD.items() for event, action in row.items()]


@pytest.mark.parametrize(("state", "event", "action"), cells())
def test_it_does_what_the_standard_says(state, event, action):
    done, following = TRANSITIONS[State(state), Event(event)]
    names = set(done.value.split(", "))
    assert names & SAME.get(action, {action})
    assert following is State(NEXT[action])


def test_it_knows_what_to_do_with_every_pdu_in_every_state():
    waiting = [state for state in State if state is not State.IDLE]
    events = (*RECEIVED.values(), Event.INVALID, Event.CLOSED, Event.TIMED_OUT)
    assert all(pair in TRANSITIONS for pair in itertools.product(waiting, events))


def test_it_takes_data_only_in_an_association():
    assert [state for (state, _event), (action, _next) in TRANSITIONS.items() if action is Action.TAKE_DATA] == [
        State.ESTABLISHED
    ]
