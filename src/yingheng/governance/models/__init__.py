"""Tables of meetings."""

from yingheng.governance.models.actions import Action
from yingheng.governance.models.meetings import AgendaItem, Attendance, Kind, Meeting, MeetingSeries
from yingheng.governance.models.minutes import Minutes, MinutesDraft
from yingheng.governance.models.officers import OfficerChange

__all__ = [
    "Action", "AgendaItem", "Attendance", "Kind", "Meeting", "MeetingSeries", "Minutes", "MinutesDraft",
    "OfficerChange",
]  # fmt: skip
