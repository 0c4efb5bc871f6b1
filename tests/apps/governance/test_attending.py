"""Who was at the meetings of a year, and chair and recorder of a held meeting put right."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.governance.making import (
    make_held,
    make_meeting,
    make_people,
    make_recorded,
    make_signed,
    make_user,
    write,
)

from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.governance.models import Attendance, Meeting, OfficerChange
from yingheng.governance.selectors import who_came
from yingheng.governance.services.minutes import minutes_correct, minutes_record, minutes_sign
from yingheng.governance.services.officers import officers_correct
from yingheng.notify.models import Delivery

pytestmark = pytest.mark.django_db
AT = reverse("governance:attendance")


@pytest.fixture
def people(hospital):
    return make_people(hospital)


def browser(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def said(row, user, state, reason=""):
    Attendance.objects.filter(meeting=row, user=user).update(state=state, reason=reason, signed_at=None)


def correct(row, people, **more):
    told = {"chair": people.tech, "recorder": people.officer, "reason": "主任临时出差，由技师长主持"}
    return officers_correct(user=people.officer, meeting=row, **told | more)


def test_the_year_tells_how_often_each_was_there(hospital, people):
    year = make_held(hospital, people).day.year
    row = make_held(hospital, people)
    said(row, people.tech, "excused", "值班")
    row = make_held(hospital, people)
    said(row, people.tech, "invited")
    make_meeting(hospital, people)  # not held: counts for nobody
    found = {one.name: one for one in who_came(hospital, year)}
    tech, head = found["某tech-m"], found["某head-m"]
    assert (tech.asked, tech.present, tech.excused, tech.absent) == (3, 1, 1, 1)
    assert (head.asked, head.present, head.absent, head.last) == (3, 3, 0, row.day)
    assert [one.asked for one in who_came(hospital, year, of=people.tech)] == [3]
    assert who_came(hospital, year, kind="study") == []


def test_a_meeting_counts_in_the_year_of_its_day(hospital, people):
    row = make_held(hospital, people)
    Meeting.objects.filter(pk=row.pk).update(day=dt.date(row.day.year - 1, 12, 31))
    assert who_came(hospital, row.day.year) == []
    assert len(who_came(hospital, row.day.year - 1)) == 3


def test_the_page_shows_everybody_to_who_records_and_oneself_to_others(hospital, people):
    make_held(hospital, people)
    page = browser(people.officer).get(AT).content.decode()
    assert all(name in page for name in ("某head-m", "某officer-m", "某tech-m"))
    own = browser(people.tech).get(AT).content.decode()
    assert "某tech-m" in own
    assert "某head-m" not in own
    assert "本年没有已召开的会议" in browser(people.officer).get(AT + "?year=2022&kind=study").content.decode()
    assert browser(people.officer).get(AT + "?year=x&kind=y&place=z").status_code == 200


def test_the_page_of_the_year_costs_the_same_for_many(hospital, people):
    client = browser(people.officer)
    make_held(hospital, people)
    client.get(AT)
    counts = []
    for _again in range(2):
        with CaptureQueriesContext(
            connection,
        ) as told:
            client.get(AT)
        counts.append(len(told))
        make_held(hospital, people)
    assert counts[0] == counts[1] <= 15


def test_a_wrong_chair_is_put_right_with_the_reason(hospital, people):
    row = correct(make_held(hospital, people), people)
    assert (row.chair, row.recorder, row.state) == (people.tech, people.officer, "held")
    kept = OfficerChange.objects.get()
    assert (kept.office, kept.before_name, kept.after_name) == ("chair", "某head-m", "某tech-m")
    entry = Entry.objects.get(action="meeting.officers")
    assert (entry.before, entry.after, entry.reason) == ({"chair": "某head-m"}, {"chair": "某tech-m"}, kept.reason)
    assert Delivery.objects.filter(recipient=people.tech, message__kind="meeting.officer").count() == 1
    write(people.officer, row)
    minutes_record(user=people.officer, meeting=row)
    with pytest.raises(NotAllowed):
        minutes_sign(user=people.head, meeting=row)
    assert minutes_sign(user=people.tech, meeting=row).content["chair"] == "某tech-m"


def test_recorded_minutes_that_name_the_wrong_chair_are_recorded_anew(hospital, people):
    row = correct(make_recorded(hospital, people), people)
    assert (row.state, row.version) == ("held", 1)
    write(people.officer, row, "改写")
    version = minutes_record(user=people.officer, meeting=row)
    assert (version.version, version.reason, version.content["chair"]) == (2, "主任临时出差，由技师长主持", "某tech-m")


@pytest.mark.parametrize(("more", "code"), [({"reason": " "}, "reason_missing"), ({"chair": None}, "officers_same")])
def test_nothing_is_corrected_without_a_reason_or_a_difference(hospital, people, more, code):
    row = make_held(hospital, people)
    more = {"chair": people.head} if "chair" in more else more
    with pytest.raises(Invalid, match=code):
        correct(row, people, **more)
    assert not OfficerChange.objects.exists()


def test_who_was_not_there_cannot_have_led(hospital, people):
    row = make_held(hospital, people)
    said(row, people.tech, "absent")
    with pytest.raises(Invalid, match="officer_absent"):
        correct(row, people)
    other = make_user(hospital, "qc_officer", "late-m")  # but may write the minutes from notes
    assert correct(row, people, chair=people.head, recorder=other).recorder == other


def test_signed_minutes_and_meetings_ahead_keep_chair_and_recorder(hospital, people):
    signed = make_signed(hospital, people)
    with pytest.raises(Conflict, match="officers_signed"):
        correct(signed, people)
    minutes_correct(user=people.officer, meeting=signed, reason="错字")
    with pytest.raises(Conflict, match="officers_signed"):
        correct(signed, people)
    with pytest.raises(Conflict, match="meeting_state"):
        correct(make_meeting(hospital, people), people)


def test_others_may_not_correct(hospital, people):
    row = make_held(hospital, people)
    with pytest.raises(NotAllowed):
        officers_correct(user=people.tech, meeting=row, chair=people.tech, recorder=people.tech, reason="x")
    url = reverse("governance:meeting_officers", args=[row.pk])
    assert browser(people.tech).get(url).status_code == 403


def test_a_correction_stays_on_record(hospital, people):
    correct(make_held(hospital, people), people)
    kept = OfficerChange.objects.all()
    for act in (lambda: kept.update(reason="y"), kept.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_the_page_corrects_and_shows_it(hospital, people):
    row = make_held(hospital, people)
    client, url = browser(people.officer), reverse("governance:meeting_officers", args=[row.pk])
    typed = {"chair": people.tech.pk, "recorder": people.officer.pk, "reason": ""}
    assert client.post(url, typed).status_code == 400
    assert client.post(url, typed | {"reason": "主持人记错"}).status_code == 302
    page = client.get(reverse("governance:meeting", args=[row.pk])).content.decode()
    assert all(word in page for word in ("某head-m → 某tech-m", "主持人记错"))
    minutes = make_signed(hospital, people)
    assert client.get(reverse("governance:meeting_officers", args=[minutes.pk])).status_code == 302
