"""Meetings for tests: people, a series, and meetings in each of their states."""

import datetime as dt
from types import SimpleNamespace

from yingheng.common.clock import local_day
from yingheng.governance.models import Attendance, Meeting
from yingheng.governance.services.actions import Task, action_add
from yingheng.governance.services.agenda import Topic, topic_put
from yingheng.governance.services.attending import Roll, meeting_hold
from yingheng.governance.services.meetings import MeetingFields, meeting_call, meeting_plan
from yingheng.governance.services.minutes import DECISIONS, draft_save, minutes_record, minutes_sign
from yingheng.governance.services.series import SeriesFields, series_create
from yingheng.tenancy.models import User
from yingheng.tenancy.services import user_create

PASSWORD = "Radiograph-2026"  # satisfies the rules; used in tests alone
THREE = dt.time(15)


def make_user(hospital, role, name) -> User:
    return user_create(
        actor=None, username=name, display_name=f"某{name}", organisation=hospital, role=role, password=PASSWORD
    ).user


def make_people(hospital, key="m") -> SimpleNamespace:
    """A head who leads, an officer who records, a technologist who is to do something."""
    return SimpleNamespace(
        head=make_user(hospital, "head", f"head-{key}"),
        officer=make_user(hospital, "qc_officer", f"officer-{key}"),
        tech=make_user(hospital, "technologist", f"tech-{key}"),
    )


def series_fields(people, **more) -> SeriesFields:
    told = {
        "name": "科室影像质控会", "kind": "quality", "rhythm": "month", "starts": THREE, "chair": people.head,
        "recorder": people.officer, "members": [people.tech], "place": "示教室",
        "agenda": [{"title": "评片结果", "fact": "review.samples"}, {"title": "本月重点", "fact": ""}],
        "first_date": local_day(people.head.home.zone),
    }  # fmt: skip
    return SeriesFields(**told | more)


def make_series(hospital, people, **more):
    return series_create(user=people.officer, organisation=hospital, fields=series_fields(people, **more))


def meeting_fields(people, **more) -> MeetingFields:
    told = {"title": "质控会", "day": local_day(people.head.home.zone), "starts": THREE, "chair": people.head,
            "recorder": people.officer, "people": [people.tech]}  # fmt: skip
    return MeetingFields(**told | more)


def make_meeting(hospital, people, *, topics=("评片结果",), **more) -> Meeting:
    """One that is planned for today."""
    return meeting_plan(
        user=people.officer, organisation=hospital, fields=meeting_fields(people, **more), topics=topics
    )


def everybody_there(meeting) -> Roll:
    return Roll({str(one.user_id): ("present", "") for one in Attendance.objects.filter(meeting=meeting)})


def make_held(hospital, people, **more) -> Meeting:
    """One at which everybody is; its minutes are to be written."""
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people, **more))
    return meeting_hold(user=people.officer, meeting=row, roll=everybody_there(row))


def typed_of(meeting, text="讨论了噪声。") -> dict[str, str]:
    return {f"item.{item.pk}": text for item in meeting.items.all()} | {DECISIONS: "下月复查。"}


def write(user, meeting, text="讨论了噪声。"):
    draft = meeting.draft
    draft.refresh_from_db()
    return draft_save(user=user, meeting=meeting, typed=typed_of(meeting, text), revision=draft.revision)


def make_recorded(hospital, people, **more) -> Meeting:
    """Minutes recorded, the chair's signature missing; the technologist has something to do."""
    row = make_held(hospital, people, **more)
    due = row.day + dt.timedelta(days=7)
    action_add(user=people.officer, meeting=row, task=Task("复查低剂量方案", people.tech, due))
    write(people.officer, row)
    minutes_record(user=people.officer, meeting=row)
    row.refresh_from_db()
    return row


def make_signed(hospital, people, **more) -> Meeting:
    row = make_recorded(hospital, people, **more)
    minutes_sign(user=people.head, meeting=row)
    row.refresh_from_db()
    return row


def make_meetings(hospital, key="m") -> dict:
    """Ids of a meeting in each state, a series, a topic and an action item, for addresses."""
    people = make_people(hospital, key)
    planned = make_meeting(hospital, people)
    signed = make_signed(hospital, people)
    kept = planned.items.get()
    gone = topic_put(user=people.head, meeting=planned, topic=Topic("待删除的议题"))
    return {
        "meeting": planned.pk,
        "meeting_held": make_held(hospital, people).pk,
        "meeting_recorded": make_recorded(hospital, people).pk,
        "meeting_signed": signed.pk,
        "meeting_topic": kept.pk,
        "meeting_topic_gone": gone.pk,
        "meeting_action": signed.actions.get().pk,
        "meeting_series": make_series(hospital, people, name=f"质控会 {key}").pk,
    }
