"""Quality meetings, their minutes and action items."""

from tests.flows.routes.route import OWN, Route

MEETING = {"meeting_id": "meeting"}
MEETING_HELD = {"meeting_id": "meeting_held"}
MEETING_SIGNED = {"meeting_id": "meeting_signed"}
MEETING_ACTION = {"action_id": "meeting_action"}
MEETING_SERIES = {"series_id": "meeting_series"}
ROUTES = {
    "governance:meetings": Route("meeting.view"),
    "governance:hospitals": Route("meeting.view"),
    "governance:attendance": Route("meeting.view"),
    "governance:meeting_new": Route("meeting.plan", {"organisation_id": "hospital"}),
    "governance:series_list": Route("meeting.view"),
    "governance:series_new": Route("meeting.plan", {"organisation_id": "hospital"}),
    "governance:series": Route("meeting.view", MEETING_SERIES),
    "governance:series_change": Route("meeting.plan", MEETING_SERIES),
    "governance:series_end": Route("meeting.plan", MEETING_SERIES),
    "governance:actions": Route("meeting.view"),
    "governance:action": Route("meeting.view", MEETING_ACTION),
    "governance:action_done": Route("meeting.view", MEETING_ACTION, fine=OWN),
    "governance:action_verify": Route("meeting.view", MEETING_ACTION, post=True, fine=OWN),
    "governance:action_again": Route("meeting.view", MEETING_ACTION, fine=OWN),
    "governance:action_drop": Route("meeting.view", MEETING_ACTION, fine=OWN),
    "governance:action_remove": Route("meeting.view", MEETING_ACTION, post=True, fine=OWN),
    "governance:topic_change": Route("meeting.plan", {"item_id": "meeting_topic"}),
    "governance:topic_up": Route("meeting.plan", {"item_id": "meeting_topic"}, post=True),
    "governance:topic_remove": Route("meeting.plan", {"item_id": "meeting_topic_gone"}, post=True, fine=OWN),
    "governance:meeting": Route("meeting.view", MEETING),
    "governance:meeting_change": Route("meeting.plan", MEETING),
    "governance:topic_new": Route("meeting.plan", MEETING),
    "governance:meeting_call": Route("meeting.plan", MEETING, post=True),
    "governance:meeting_figures": Route("meeting.plan", MEETING, post=True),
    "governance:meeting_cancel": Route("meeting.plan", MEETING),
    "governance:meeting_ics": Route("meeting.view", MEETING),
    "governance:meeting_report": Route("meeting.view", MEETING_SIGNED | {"ending": "=xlsx", "lang": "=zh"}, post=True),
    "governance:meeting_hold": Route("meeting.view", MEETING, fine=OWN),
    "governance:meeting_roll": Route("meeting.view", MEETING_HELD, fine=OWN),
    "governance:meeting_officers": Route("meeting.view", MEETING_HELD, fine=OWN),
    "governance:meeting_here": Route("meeting.view", MEETING_HELD, post=True, fine=OWN),
    "governance:meeting_excuse": Route("meeting.view", MEETING),
    "governance:minutes": Route("meeting.view", MEETING_HELD, fine=OWN),
    "governance:minutes_save": Route("meeting.view", MEETING_HELD, post=True, fine=(*OWN, 409)),
    "governance:minutes_record": Route("meeting.view", MEETING_HELD, fine=OWN),
    "governance:minutes_sign": Route("meeting.view", {"meeting_id": "meeting_recorded"}, fine=OWN),
    "governance:minutes_correct": Route("meeting.view", MEETING_SIGNED, fine=OWN),
    "governance:minutes_version": Route("meeting.view", MEETING_SIGNED | {"version": 1}),
    "governance:action_new": Route("meeting.view", MEETING_HELD, fine=OWN),
}
