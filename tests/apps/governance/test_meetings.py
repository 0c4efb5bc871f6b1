"""Planning, calling and holding meetings, and what calendars and cells know of it."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from tests.apps.governance.making import (
    everybody_there,
    make_held,
    make_meeting,
    make_people,
    make_series,
    make_signed,
    make_user,
    meeting_fields,
    series_fields,
)

from yingheng.audit.models import Entry
from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, Invalid, NotAllowed, NotFound
from yingheng.common.figures import Figure, FigureSource, figure_source_add, figure_sources
from yingheng.governance.ics import meeting_ics
from yingheng.governance.models import Attendance, Meeting
from yingheng.governance.periods import period_before
from yingheng.governance.services.agenda import Topic, figures_renew, topic_put, topic_remove, topic_up
from yingheng.governance.services.attending import (
    Roll,
    attendance_excuse,
    attendance_put,
    attendance_sign,
    meeting_hold,
    quorum_of,
)
from yingheng.governance.services.counting import MEETING, RECOUNTS
from yingheng.governance.services.meetings import meeting_call, meeting_cancel, meeting_change, meeting_plan
from yingheng.governance.services.series import meetings_due, series_change, series_end
from yingheng.governance.states import ACTION
from yingheng.governance.states import MEETING as STATES
from yingheng.notify.models import Delivery
from yingheng.rollups.models import Cell
from yingheng.rollups.services import cell_verify
from yingheng.schedule.models import Due
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
EVERYTHING = Scope.everything()


@pytest.fixture
def people(hospital):
    return make_people(hospital)


def told(user, kind):
    return Delivery.objects.filter(recipient=user, message__kind=kind).count()


def cells():
    return [
        (c.day, c.dimensions, c.numerator, c.denominator)
        for c in Cell.objects.filter(indicator=MEETING)
        if c.denominator
    ]


def proven():
    return cell_verify(indicator=MEETING, scope=EVERYTHING, recount=RECOUNTS[MEETING]) == []


def test_it_invites_everybody_once_when_a_meeting_is_called(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people))
    assert row.state == "called"
    assert {a.user_id for a in row.attendances.all()} == {people.head.pk, people.officer.pk, people.tech.pk}
    assert [told(one, "meeting.called") for one in vars(people).values()] == [1, 1, 1]
    with pytest.raises(Conflict, match="meeting_state"):
        meeting_call(user=people.officer, meeting=row)


def test_it_leaves_calling_to_those_who_plan_in_that_very_organisation(hospital, region, people):
    row = make_meeting(hospital, people)
    for user in (people.tech, make_user(region, "regional_centre", "city")):
        with pytest.raises(NotAllowed):
            meeting_call(user=user, meeting=row)
        with pytest.raises(NotAllowed):
            meeting_plan(user=user, organisation=hospital, fields=meeting_fields(people))


def test_it_is_not_called_without_an_agenda(hospital, people):
    with pytest.raises(Invalid, match="agenda_empty"):
        meeting_call(user=people.officer, meeting=make_meeting(hospital, people, topics=()))


@pytest.fixture
def source():
    """A source of figures that counts how often it was asked."""
    asked = []

    def make(place, first, last):
        asked.append((place.code, first, last))
        return [Figure("Excellent", 61.5, "%", 200, 123, (54.6, 68.0), of="九月抽样"), Figure("Nothing", None)]

    figure_source_add("test.source", FigureSource("Test figures", make))
    yield asked
    from yingheng.common import figures  # noqa: PLC0415 - the registry is taken back as it was

    figures._sources.pop("test.source")


def test_it_keeps_the_figures_of_the_time_of_calling(hospital, people, source):
    row = make_meeting(hospital, people)
    item = topic_put(user=people.officer, meeting=row, topic=Topic("评片", fact="test.source"))
    assert (item.told, source) == (None, [])
    row = meeting_call(user=people.officer, meeting=row)
    item.refresh_from_db()
    assert source == [("h1", *period_before(row.day))]
    assert item.told["figures"][0] == {
        "label": {"zh": "Excellent", "en": "Excellent"}, "of": "九月抽样", "value": 61.5, "unit": "%", "n": 200,
        "k": 123, "interval": [54.6, 68.0], "digits": 1, "link": "",
    }  # fmt: skip
    assert item.told["figures"][1]["value"] is None
    assert (item.told["first"], item.told["last"]) == tuple(day.isoformat() for day in period_before(row.day))
    figures_renew(user=people.officer, meeting=row)
    assert len(source) == 2


def test_it_takes_figures_at_once_for_a_topic_of_a_called_meeting(hospital, people, source):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people))
    item = topic_put(user=people.officer, meeting=row, topic=Topic("评片", fact="test.source"))
    item.refresh_from_db()
    assert item.told["source"] == "test.source"


def test_every_registered_source_answers_for_an_empty_hospital(hospital):
    for key, one in figure_sources().items():
        rows = one.make(hospital, dt.date(2026, 10, 1), dt.date(2026, 10, 31))
        assert all(row.value is None or row.value == 0 for row in rows), key


def test_it_moves_and_removes_topics(hospital, people):
    row = make_meeting(hospital, people, topics=("一", "二", "三"))
    third = row.items.get(title="三")
    topic_up(user=people.officer, item=third)
    assert [one.title for one in row.items.all()] == ["一", "三", "二"]
    topic_remove(user=people.officer, item=row.items.get(title="一"))
    assert [one.title for one in row.items.all()] == ["三", "二"]
    with pytest.raises(Invalid, match="fact_unknown"):
        topic_put(user=people.officer, meeting=row, topic=Topic("四", fact="nobody.knows"))


def test_the_agenda_is_fixed_once_the_meeting_is_held(hospital, people):
    row = make_held(hospital, people)
    with pytest.raises(Conflict):
        topic_put(user=people.officer, meeting=row, topic=Topic("晚了"))


def test_it_tells_of_a_new_time_once(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people))
    later = meeting_fields(people, day=row.day + dt.timedelta(days=3))
    row = meeting_change(user=people.officer, meeting=row, fields=later)
    row = meeting_change(user=people.officer, meeting=row, fields=later)
    assert (row.sequence, told(people.tech, "meeting.moved")) == (1, 1)
    assert (row.planned_day, proven()) == (row.day, True)


def test_it_asks_a_reason_for_cancelling_and_tells_it(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people))
    with pytest.raises(Invalid, match="reason_missing"):
        meeting_cancel(user=people.officer, meeting=row, reason="  ")
    row = meeting_cancel(user=people.officer, meeting=row, reason="设备抢修")
    assert (row.state, told(people.tech, "meeting.cancelled")) == ("cancelled", 1)
    assert (cells(), proven()) == ([], True)
    assert Entry.objects.filter(action="meeting.cancel", reason="设备抢修").count() == 1


def test_people_sign_for_themselves_and_nobody_unsigns_them(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people))
    attendance_sign(user=people.tech, meeting=row)
    attendance_put(user=people.officer, meeting=row, roll=Roll({str(people.tech.pk): ("absent", "")}))
    mine = Attendance.objects.get(meeting=row, user=people.tech)
    assert mine.state == "present"
    assert mine.signed_at is not None
    with pytest.raises(NotFound):
        attendance_sign(user=make_user(hospital, "nurse", "guest2"), meeting=row)


def test_nobody_signs_before_the_day(hospital, people):
    row = make_meeting(hospital, people, day=local_day(hospital.zone) + dt.timedelta(days=2))
    row = meeting_call(user=people.officer, meeting=row)
    with pytest.raises(Conflict, match="too_early"):
        attendance_sign(user=people.tech, meeting=row)
    with pytest.raises(Conflict, match="too_early"):
        meeting_hold(user=people.officer, meeting=row, roll=everybody_there(row))


def test_an_excuse_has_a_reason(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people))
    attendance_excuse(user=people.tech, meeting=row, reason="夜班")
    assert Attendance.objects.get(meeting=row, user=people.tech).reason == "夜班"
    with pytest.raises(Invalid, match="excuse_reason"):
        attendance_put(user=people.officer, meeting=row, roll=Roll({str(people.head.pk): ("excused", "")}))


def test_it_is_not_held_below_its_quorum(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people, quorum=67))
    marks = {
        str(people.tech.pk): ("present", ""),
        str(people.head.pk): ("absent", ""),
        str(people.officer.pk): ("present", ""),
    }
    with pytest.raises(Conflict, match="quorum") as refused:
        meeting_hold(user=people.officer, meeting=row, roll=Roll(marks))
    assert refused.value.params == {"present": 2, "needed": 3}
    row.refresh_from_db()
    assert row.state == "called"


@pytest.mark.parametrize(
    ("n", "percent", "needed"), [(3, 50, 2), (4, 50, 2), (3, 67, 3), (5, 0, 1), (20, 100, 20), (0, 50, 1)]
)
def test_it_rounds_the_quorum_up(n, percent, needed):
    assert quorum_of([Attendance(state="invited")] * n, percent).needed == needed


def test_a_guest_who_came_is_among_those_present(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people))
    guest = make_user(hospital, "nurse", "guest")
    meeting_hold(user=people.officer, meeting=row, roll=Roll(everybody_there(row).marks, [guest]))
    assert Attendance.objects.get(meeting=row, user=guest).state == "present"


def test_a_series_plans_one_meeting_for_each_due(hospital, people):
    series = make_series(hospital, people)
    assert meetings_due() == 0  # made at once, and only once
    row = Meeting.objects.get(series=series)
    assert (row.day, row.due.day, row.state) == (row.due.day, local_day(hospital.zone), "planned")
    assert [one.title for one in row.items.all()] == ["评片结果", "本月重点"]
    assert (cells(), proven()) == ([(row.day, {"kind": "quality", "series": True}, 0, 1)], True)


def test_a_quarterly_meeting_looks_back_on_a_quarter(hospital, people):
    row = Meeting.objects.get(series=make_series(hospital, people, rhythm="quarter"))
    assert (row.first_day, row.last_day) == period_before(row.day, "month", 3)


@pytest.mark.parametrize(
    ("unit", "every", "first", "last"),
    [
        ("month", 1, "2026-10-01", "2026-10-31"),
        ("month", 3, "2026-08-01", "2026-10-31"),
        ("year", 1, "2025-11-01", "2026-10-31"),
        ("week", 1, "2026-11-09", "2026-11-15"),
        ("week", 2, "2026-11-02", "2026-11-15"),
    ],
)
def test_it_looks_back_on_whole_periods(unit, every, first, last):
    found = period_before(dt.date(2026, 11, 22), unit, every)
    assert found == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def test_signed_minutes_settle_the_due_of_the_meeting_and_nothing_else_does(hospital, people):
    series = make_series(hospital, people)
    row = Meeting.objects.get(series=series)
    assert row.due.state == Due.State.OPEN
    signed = make_signed(hospital, people)  # another meeting of the same day
    row.due.refresh_from_db()
    assert (row.due.state, signed.due) == (Due.State.OPEN, None)
    from tests.apps.governance.making import write  # noqa: PLC0415

    from yingheng.governance.services.minutes import minutes_record, minutes_sign  # noqa: PLC0415

    row = meeting_call(user=people.officer, meeting=row)
    row = meeting_hold(user=people.officer, meeting=row, roll=everybody_there(row))
    write(people.officer, row)
    minutes_record(user=people.officer, meeting=row)
    minutes_sign(user=people.head, meeting=row)
    due = Due.objects.get(pk=row.due_id)
    assert (due.state, due.satisfied_by_type, due.satisfied_by_id) == ("done", "meeting", row.pk)
    assert sorted(cells(), key=str) == sorted(
        [(row.day, {"kind": "quality", "series": True}, 1, 1), (row.day, {"kind": "quality", "series": False}, 1, 1)],
        key=str,
    )
    assert proven()


def test_a_cancelled_meeting_of_a_series_stays_counted_as_planned(hospital, people):
    row = Meeting.objects.get(series=make_series(hospital, people))
    meeting_cancel(user=people.officer, meeting=row, reason="停电")
    assert (cells(), proven(), meetings_due()) == ([(row.day, {"kind": "quality", "series": True}, 0, 1)], True, 0)


def test_ending_a_series_takes_away_what_nobody_was_called_to(hospital, people):
    series = series_end(user=people.officer, series=make_series(hospital, people), reason="并入科务会")
    assert (Meeting.objects.count(), series.is_active, cells(), proven()) == (0, False, [], True)
    assert set(Due.objects.values_list("state", flat=True)) == {"cancelled"}
    with pytest.raises(Conflict, match="series_ended"):
        series_change(user=people.officer, series=series, fields=series_fields(people))


def test_a_series_changes_its_plan_with_it(hospital, people):
    series = make_series(hospital, people)
    series = series_change(
        user=people.officer, series=series, fields=series_fields(people, rhythm="quarter", name="季度会")
    )
    series.plan.refresh_from_db()
    assert (series.plan.unit, series.plan.every, series.plan.title) == ("month", 3, "季度会")
    with pytest.raises(Conflict):
        make_series(hospital, people, name="季度会")


def test_the_tables_name_known_states():
    known = set(Meeting.State.values)
    assert {state for state, _event in STATES} | set(STATES.values()) == known
    assert {state for state, _event in ACTION} <= {"open", "done"}


def test_the_database_refuses_a_cancellation_without_a_reason(hospital, people):
    row = make_meeting(hospital, people)
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=row.pk).update(state="cancelled", cancelled_at=row.created_at)


def test_it_writes_a_calendar_file(hospital, people):
    row = make_meeting(
        hospital, people, title="质控会，十月; 第一次" + "长" * 40, day=dt.date(2027, 3, 1), place="示教室"
    )
    text = meeting_ics(row, url="https://h/m", at=dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC))
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    plain = text.replace("\r\n ", "").split("\r\n")
    assert plain[0] == "BEGIN:VCALENDAR"
    assert plain[-2] == "END:VCALENDAR"
    assert "DTSTART:20270301T070000Z" in plain
    assert "DTEND:20270301T080000Z" in plain
    assert "SUMMARY:质控会，十月\\; 第一次" + "长" * 40 in plain
    assert "LOCATION:示教室" in plain
    assert plain.index("BEGIN:VEVENT") < plain.index("LOCATION:示教室") < plain.index("END:VEVENT")


def test_a_new_rhythm_plans_anew_what_nobody_was_called_to(hospital, people):
    today = local_day(hospital.zone)
    series = make_series(hospital, people, rhythm="week", lead_days=8)
    called, planned = Meeting.objects.filter(series=series).order_by("day")
    assert planned.day == today + dt.timedelta(days=7)
    called = meeting_call(user=people.officer, meeting=called)
    later = series_fields(people, rhythm="week", lead_days=8, first_date=today + dt.timedelta(days=2))
    series_change(user=people.officer, series=series, fields=later)
    days = sorted(Meeting.objects.filter(series=series).values_list("day", flat=True))
    assert days == [today, today + dt.timedelta(days=2)]
    assert (meetings_due(), proven()) == (0, True)


def test_a_called_meeting_keeps_its_due_when_the_plan_is_changed(hospital, people):
    first = local_day(hospital.zone) + dt.timedelta(days=3)
    series = make_series(hospital, people, first_date=first)
    row = meeting_call(user=people.officer, meeting=Meeting.objects.get(series=series))
    series_change(user=people.officer, series=series, fields=series_fields(people, first_date=first, lead_days=9))
    row.refresh_from_db()
    assert (Meeting.objects.filter(series=series).count(), row.due.day) == (1, first)
