"""Minutes: drafts of several recorders, versions that stay, signatures; and action items until they are verified."""

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from tests.apps.governance.making import (
    everybody_there,
    make_held,
    make_meeting,
    make_people,
    make_recorded,
    make_series,
    make_signed,
    make_user,
    typed_of,
    write,
)

from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.common.figures import figure_basis, figure_text
from yingheng.documents.models import Signature
from yingheng.documents.report.model import Table
from yingheng.documents.services import report_render
from yingheng.governance.access import eyes_of
from yingheng.governance.figures import action_figures
from yingheng.governance.models import Action, Meeting, Minutes
from yingheng.governance.reporting import minutes_report
from yingheng.governance.selectors import actions_seen, meetings_seen
from yingheng.governance.services.actions import (
    Task,
    action_add,
    action_again,
    action_done,
    action_drop,
    action_remove,
    action_verify,
)
from yingheng.governance.services.attending import meeting_hold
from yingheng.governance.services.meetings import meeting_call
from yingheng.governance.services.minutes import draft_save, minutes_correct, minutes_record, minutes_sign
from yingheng.governance.services.reminding import actions_tell, meetings_tell, minutes_tell, tomorrow_tell
from yingheng.notify.models import Delivery

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def people(hospital):
    return make_people(hospital)


def told(user, kind):
    return Delivery.objects.filter(recipient=user, message__kind=kind).count()


def test_two_recorders_see_each_others_saving_and_nothing_is_lost(hospital, people):
    row = make_held(hospital, people)
    draft_save(user=people.officer, meeting=row, typed=typed_of(row, "甲写的"), revision=0)
    with pytest.raises(Conflict, match="saved_elsewhere") as refused:
        draft_save(user=people.head, meeting=row, typed=typed_of(row, "乙写的"), revision=0)
    assert refused.value.params == {"who": "某officer-m"}
    draft = draft_save(user=people.head, meeting=row, typed=typed_of(row, "乙写的"), revision=0, over=True)
    assert (draft.revision, draft.typed) == (2, typed_of(row, "乙写的"))
    assert [(one["by"], one["typed"]) for one in draft.replaced] == [("某officer-m", typed_of(row, "甲写的"))]


def test_the_same_text_twice_changes_nothing(hospital, people):
    row = make_held(hospital, people)
    for _window in range(2):
        draft = draft_save(user=people.officer, meeting=row, typed=typed_of(row), revision=0)
    assert draft.revision == 1


def test_only_recorders_write(hospital, people):
    row = make_held(hospital, people)
    with pytest.raises(NotAllowed):
        draft_save(user=people.tech, meeting=row, typed={"other": "x"}, revision=0)
    with pytest.raises(Invalid, match="minutes_empty"):
        minutes_record(user=people.officer, meeting=row)


def test_a_technologist_who_was_asked_to_record_does(hospital, people):
    row = make_held(hospital, people, recorder=people.tech)
    write(people.tech, row)
    assert minutes_record(user=people.tech, meeting=row).recorded_by_name == "某tech-m"


def test_the_recorder_signs_a_version_and_the_chair_signs_after(hospital, people):
    row = make_recorded(hospital, people)
    version = Minutes.objects.get(meeting=row)
    assert (row.state, row.version, row.signed_version) == ("recorded", 1, 0)
    assert (told(people.head, "meeting.sign"), told(people.tech, "meeting.action_given")) == (1, 0)
    with pytest.raises(NotAllowed, match="chair_signs"):
        minutes_sign(user=people.officer, meeting=row)
    minutes_sign(user=people.head, meeting=row)
    with pytest.raises(Conflict):
        minutes_sign(user=people.head, meeting=row)
    row.refresh_from_db()
    assert (row.state, row.signed_version) == ("signed", 1)
    signed = Signature.objects.filter(subject_id=str(version.pk)).order_by("signed_at")
    assert [(one.role, one.person_name, one.sha256 == version.sha256) for one in signed] == [
        ("recorder", "某officer-m", True), ("chair", "某head-m", True),
    ]  # fmt: skip
    assert (told(people.tech, "meeting.action_given"), told(people.tech, "meeting.minutes")) == (1, 1)
    content = version.content
    assert [one["state"] for one in content["attendance"]] == ["present"] * 3
    assert content["items"][0]["text"] == "讨论了噪声。"
    assert content["actions"][0]["text"] == "复查低剂量方案"


def test_who_leads_and_records_signs_once(hospital, people):
    row = make_held(hospital, people, chair=people.officer)
    write(people.officer, row)
    minutes_record(user=people.officer, meeting=row)
    row.refresh_from_db()
    assert (row.state, Signature.objects.count()) == ("signed", 2)


def test_a_correction_is_a_new_version_and_the_old_one_stays(hospital, people):
    row = make_signed(hospital, people)
    first, moment = Minutes.objects.get(meeting=row), row.signed_at
    with pytest.raises(Invalid, match="reason_missing"):
        minutes_correct(user=people.officer, meeting=row, reason=" ")
    minutes_correct(user=people.officer, meeting=row, reason="人名写错")
    write(people.officer, row, "改过的记录。")
    minutes_record(user=people.officer, meeting=row)
    minutes_sign(user=people.head, meeting=row)
    row.refresh_from_db()
    newest = Minutes.objects.get(meeting=row, version=2)
    assert (row.version, row.signed_version, row.signed_at) == (2, 2, moment)
    assert (newest.reason, newest.content["items"][0]["text"]) == ("人名写错", "改过的记录。")
    first.refresh_from_db()
    assert first.content["items"][0]["text"] == "讨论了噪声。"


def test_the_database_keeps_recorded_minutes(hospital, people):
    version = Minutes.objects.get(meeting=make_recorded(hospital, people))
    for change in (lambda: Minutes.objects.filter(pk=version.pk).update(content={}), version.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_an_action_item_is_done_and_verified_by_two_people(hospital, people):
    action = make_signed(hospital, people).actions.get()
    with pytest.raises(Invalid, match="proof_missing"):
        action_done(user=people.tech, action=action, proof="")
    with pytest.raises(NotAllowed):
        action_done(user=make_user(hospital, "nurse", "nurse-x"), action=action, proof="x")
    action = action_done(user=people.tech, action=action, proof="已复查，见附件")
    assert told(people.head, "meeting.action_done") == 1
    with pytest.raises(NotAllowed):
        action_verify(user=people.tech, action=action)
    action = action_verify(user=people.officer, action=action)
    assert (action.state, action.closed_by) == ("verified", people.officer)
    with pytest.raises(Conflict):
        action_drop(user=people.officer, action=action, reason="晚了")


def test_who_did_it_does_not_verify_it(hospital, people):
    row = make_held(hospital, people)
    action = action_add(user=people.officer, meeting=row, task=Task("写", people.officer, row.day))
    action = action_done(user=people.officer, action=action, proof="写好了")
    with pytest.raises(NotAllowed, match="verify_other"):
        action_verify(user=people.officer, action=action)
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=action.pk).update(state="verified", closed_at=now(), closed_by=people.officer)


def test_what_is_not_enough_is_asked_for_again(hospital, people):
    action = action_done(user=people.tech, action=make_signed(hospital, people).actions.get(), proof="差不多")
    later = local_day(hospital.zone) + 9 * DAY
    action = action_again(user=people.head, action=action, reason="缺数据", due_on=later)
    assert (action.state, action.due_on, action.done_by, action.reason) == ("open", later, None, "缺数据")
    action = action_drop(user=people.head, action=action, reason="设备已停用")
    assert (action.state, action.reason) == ("dropped", "设备已停用")


def test_an_action_item_of_no_minutes_can_be_taken_back(hospital, people):
    row = make_held(hospital, people)
    action = action_add(user=people.officer, meeting=row, task=Task("写", people.tech, row.day))
    action_remove(user=people.officer, action=action)
    assert row.actions.count() == 0
    with pytest.raises(Invalid, match="due_past"):
        action_add(user=people.officer, meeting=row, task=Task("写", people.tech, row.day - DAY))
    with pytest.raises(Conflict):
        action_remove(user=people.officer, action=make_recorded(hospital, people).actions.get())


def test_what_is_open_comes_to_the_next_agenda_by_itself(hospital, people):
    series = make_series(hospital, people, rhythm="week", lead_days=14)
    first, second, third = Meeting.objects.filter(series=series).order_by("day")
    first = meeting_hold(
        user=people.officer, meeting=meeting_call(user=people.officer, meeting=first), roll=everybody_there(first)
    )
    for text, days in (("未了", -0), ("已了", 5)):
        action_add(user=people.officer, meeting=first, task=Task(text, people.tech, first.day + days * DAY))
    closed = action_done(user=people.tech, action=first.actions.get(text="已了"), proof="好了")
    action_verify(user=people.officer, action=closed)
    second = meeting_call(user=people.officer, meeting=second)
    item = second.items.first()
    assert (item.position, [one["text"] for one in item.told["actions"]]) == (0, ["未了"])
    assert [one["from"] for one in item.told["actions"]] == [first.title]
    action_drop(user=people.officer, action=first.actions.get(text="未了"), reason="不再需要")
    third = meeting_call(user=people.officer, meeting=third)
    assert third.items.filter(position=0).count() == 0


def test_it_tells_what_is_overdue_once_a_day_put_off_again(hospital, people):
    action = make_signed(hospital, people).actions.get()
    Action.objects.filter(pk=action.pk).update(due_on=local_day(hospital.zone) - DAY)
    for _run in range(2):
        assert actions_tell() == 1
    assert [told(one, "meeting.action_overdue") for one in vars(people).values()] == [1, 1, 1]
    Action.objects.filter(pk=action.pk).update(due_on=local_day(hospital.zone))
    assert actions_tell() == 0


def test_it_reminds_the_day_before_but_not_who_is_excused(hospital, people):
    row = make_meeting(hospital, people, day=local_day(hospital.zone) + DAY)
    assert tomorrow_tell() == 0  # nobody is called yet
    row = meeting_call(user=people.officer, meeting=row)
    row.attendances.filter(user=people.tech).update(state="excused", reason="夜班")
    assert (tomorrow_tell(), tomorrow_tell()) == (1, 1)
    assert [told(one, "meeting.soon") for one in (people.head, people.tech)] == [1, 0]


def test_it_asks_for_minutes_that_are_missing_or_unsigned(hospital, people):
    held, recorded = make_held(hospital, people), make_recorded(hospital, people)
    assert minutes_tell() == 0
    Meeting.objects.update(day=local_day(hospital.zone) - 5 * DAY)
    assert (minutes_tell(), meetings_tell()) == (2, 2)
    assert told(people.officer, "meeting.minutes_missing") == 1
    assert told(people.head, "meeting.sign") == 2  # when it was recorded, and late
    assert {held.state, recorded.state} == {"held", "recorded"}


def test_a_region_does_not_see_what_hospitals_said(hospital, region, people):
    row = make_signed(hospital, people)
    city = make_user(region, "regional_centre", "city-x")
    for user, n in ((people.tech, 1), (city, 0), (people.head, 1)):
        eyes = eyes_of(user)
        assert (meetings_seen(eyes).filter(pk=row.pk).count(), actions_seen(eyes).count()) == (n, n)


def test_guests_of_a_region_see_the_meeting_they_were_invited_to(hospital, other_hospital, region, people):
    city = make_user(region, "regional_centre", "city-x")
    other = make_people(other_hospital, "o")
    regional = type(people)(head=city, officer=city, tech=people.head)
    row = make_meeting(region, regional, kind="regional")
    assert meetings_seen(eyes_of(people.head)).filter(pk=row.pk).exists()
    assert not meetings_seen(eyes_of(other.head)).filter(pk=row.pk).exists()


def test_the_figures_of_action_items(hospital, people):
    row = make_held(hospital, people)
    today = row.day
    for text in ("一", "二"):
        action_add(user=people.officer, meeting=row, task=Task(text, people.tech, today))
    action_done(user=people.tech, action=row.actions.get(text="一"), proof="好")
    Action.objects.filter(text="二").update(due_on=today - DAY)
    share, still_open, overdue, verify = action_figures(hospital, today - 2 * DAY, today)
    assert (share.k, share.n, still_open.value, overdue.value, verify.value) == (1, 2, 1, 1, 1)


@pytest.mark.parametrize(
    ("told_", "text", "basis"),
    [
        ({"value": 61.5, "unit": "%", "interval": [54.6, 68.0], "digits": 1, "n": 200, "k": 123},
         "61.5 % (54.6–68.0)", "123 / 200"),
        ({"value": 3, "unit": "", "interval": None, "digits": 0, "n": None, "k": None}, "3", ""),
        ({"value": None, "unit": "%", "interval": None, "digits": 1, "n": 0, "k": 0}, "—", "0 / 0"),
    ],
)  # fmt: skip
def test_a_kept_figure_reads_the_same_anywhere(told_, text, basis):
    assert (figure_text(told_), figure_basis(told_)) == (text, basis)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_minutes_are_a_file_in_both_languages(hospital, people, lang):
    row = make_signed(hospital, people)
    report = minutes_report(hospital, str(row.pk), lang)
    assert [line.name for line in report.signatures] == ["某officer-m", "某head-m"]
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    cells = {cell for table in tables for line in table.rows for cell in line}
    assert {"复查低剂量方案", "某tech-m"} <= cells
    assert report.digest == Minutes.objects.get(meeting=row).sha256
    assert report_render(report, "docx")[:2] == b"PK"
