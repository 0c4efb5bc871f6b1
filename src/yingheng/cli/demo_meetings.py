"""Quality meetings of the demonstration: one held and signed with an action item overdue, the next one planned.

Everything is made by the services that people's pages use; what was said is marked as made up.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yingheng.governance.models import Meeting, MeetingSeries
    from yingheng.tenancy.models import Organisation, User

_NAME = "科室影像质控会（演示）"
_FACTS = (
    "review.samples", "review.daily", "review.tracings", "phantomqc.tests", "evidence.findings", "catalog.retakes",
    "governance.actions",
)  # fmt: skip
_TEXTS = {
    "review.samples": "演示：本期例数少、区间宽，先看趋势；低于标准线的按追溯单处理。",
    "phantomqc.tests": "演示：到期检测本周内补做。",
    "": "演示：下月重点为颅脑 MR 序列完整性。",
}
_DECISIONS = "演示：胸部 DR 曝光条件统一按体型分三档；每周抽查五例，结果下次会议通报。"


def meetings(code: str) -> None:
    """Last month's meeting and the next one, once."""
    from django.db import transaction  # noqa: PLC0415 - after Django is set up

    from yingheng.governance.models import MeetingSeries  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation, User  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if MeetingSeries.objects.filter(organisation=hospital, name=_NAME).exists():
        return
    people = {row.username: row for row in User.objects.filter(home=hospital)}
    with transaction.atomic():
        series = _series(hospital, people)
        first = series.meetings.order_by("day").first()
        if first is not None:
            _held(hospital, people, first)


def _series(hospital: Organisation, people: dict[str, User]) -> MeetingSeries:
    """Every month; the meeting before was last month, the next one is a few days ahead."""
    from yingheng.common.clock import local_day  # noqa: PLC0415 - after Django is set up
    from yingheng.common.figures import figure_sources  # noqa: PLC0415
    from yingheng.governance.services.series import SeriesFields, series_create  # noqa: PLC0415
    from yingheng.schedule.recurrence import add_months  # noqa: PLC0415

    titles = {key: str(one.title) for key, one in figure_sources().items()}
    agenda = [{"title": titles[key], "fact": key} for key in _FACTS] + [{"title": "下月重点", "fact": ""}]
    fields = SeriesFields(
        name=_NAME, kind="quality", rhythm="month", starts=dt.time(15),
        first_date=add_months(local_day(hospital.zone) + dt.timedelta(days=4), -1), chair=people["zhao"],
        recorder=people["wang"], members=[people[name] for name in ("zhang", "li", "sun")], place="影像科示教室",
        agenda=agenda,
    )  # fmt: skip
    return series_create(user=people["wang"], organisation=hospital, fields=fields, is_demo=True)


def _held(hospital: Organisation, people: dict[str, User], row: Meeting) -> None:
    """Called, held, recorded and signed; what one person was to do is overdue."""
    from yingheng.governance.services.actions import Task, action_add  # noqa: PLC0415 - after Django is set up
    from yingheng.governance.services.attending import Roll, attendance_sign, meeting_hold  # noqa: PLC0415
    from yingheng.governance.services.meetings import meeting_call  # noqa: PLC0415
    from yingheng.governance.services.minutes import (  # noqa: PLC0415
        DECISIONS,
        draft_save,
        minutes_record,
        minutes_sign,
    )
    from yingheng.governance.services.reminding import actions_tell  # noqa: PLC0415

    officer = people["wang"]
    _period(hospital, row)
    row = meeting_call(user=officer, meeting=row)
    for name in ("zhang", "li"):
        attendance_sign(user=people[name], meeting=row)
    marks = {str(people[name].pk): ("present", "") for name in ("zhao", "wang")}
    marks[str(people["sun"].pk)] = ("excused", "演示：设备抢修")
    row = meeting_hold(user=officer, meeting=row, roll=Roll(marks))
    items = list(row.items.all())
    typed = {f"item.{item.pk}": _TEXTS[item.fact] for item in items if item.fact in _TEXTS}
    draft_save(user=officer, meeting=row, typed=typed | {DECISIONS: _DECISIONS}, revision=0)
    soon, later = row.day + dt.timedelta(days=14), row.day + dt.timedelta(days=60)
    tasks = (
        Task("演示：按体型制定胸部 DR 曝光条件表", people["zhang"], soon, items[0]),
        Task("演示：补做到期的性能检测", people["sun"], later),
    )
    for task in tasks:
        action_add(user=officer, meeting=row, task=task)
    minutes_record(user=officer, meeting=row)
    minutes_sign(user=people["zhao"], meeting=row)
    actions_tell()


def _period(hospital: Organisation, row: Meeting) -> None:
    """Let the figures tell of the days of the announced sample."""
    from yingheng.review.models import Campaign  # noqa: PLC0415 - after Django is set up

    rows = Campaign.objects.filter(organisation=hospital, state=Campaign.State.PUBLISHED).exclude(purpose="daily")
    campaign = rows.order_by("-last_day").first()
    if campaign is not None:
        row.first_day, row.last_day = campaign.first_day, campaign.last_day
        row.save(update_fields=["first_day", "last_day"])
