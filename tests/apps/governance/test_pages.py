"""Pages of meetings: who sees what, forms that say what is wrong, minutes that survive two recorders."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.governance.making import (
    PASSWORD,
    everybody_there,
    make_held,
    make_meeting,
    make_people,
    make_recorded,
    make_series,
    make_signed,
    make_user,
    typed_of,
)

from yingheng.common.clock import local_day
from yingheng.documents.models import Attachment, ReportOrder
from yingheng.documents.services import report_make
from yingheng.governance.models import Action, Attendance, Meeting, MeetingSeries, Minutes
from yingheng.governance.services.attending import meeting_hold
from yingheng.governance.services.meetings import meeting_call

pytestmark = pytest.mark.django_db
CEILING = 15


@pytest.fixture
def people(hospital):
    return make_people(hospital)


def browser(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(name, *ids):
    return reverse(f"governance:{name}", args=ids)


def form_of(people, **more):
    told = {
        "title": "质控会", "kind": "quality", "day": local_day("Asia/Shanghai").isoformat(), "starts": "15:00",
        "duration": "60", "place": "示教室", "chair": people.head.pk, "recorder": people.officer.pk, "quorum": "50",
        "people": [people.tech.pk], "topics": "评片\n检测",
    }  # fmt: skip
    return told | more


def test_a_meeting_is_planned_called_held_and_signed_by_pages_alone(hospital, people):
    officer, head = browser(people.officer), browser(people.head)
    answer = officer.post(at("meeting_new", hospital.pk), form_of(people))
    row = Meeting.objects.get()
    assert answer.url == at("meeting", row.pk)
    officer.post(at("topic_new", row.pk), {"title": "问题", "fact": "evidence.findings", "minutes": "10"})
    officer.post(at("meeting_call", row.pk))
    browser(people.tech).post(at("meeting_here", row.pk))
    marks = {f"state_{one.pk}": "present" for one in (people.head, people.officer)}
    answer = officer.post(at("meeting_hold", row.pk), marks)
    assert answer.url == at("minutes", row.pk)
    text = typed_of(row)
    saved = officer.post(at("minutes_save", row.pk), text | {"revision": "0"})
    assert saved.json() == {"revision": 1}
    officer.post(at("action_new", row.pk), {"text": "复查", "responsible": people.tech.pk,
                 "due_on": (row.day + dt.timedelta(days=7)).isoformat(), "item": row.items.first().pk})  # fmt: skip
    assert officer.post(at("minutes", row.pk), text).url == at("minutes_record", row.pk)
    assert "讨论了噪声" in officer.get(at("minutes_record", row.pk)).content.decode()
    assert officer.post(at("minutes_record", row.pk), {"password": "wrong"}).status_code == 400
    officer.post(at("minutes_record", row.pk), {"password": PASSWORD})
    head.post(at("minutes_sign", row.pk), {"password": PASSWORD})
    row.refresh_from_db()
    assert (row.state, row.actions.get().text) == ("signed", "复查")
    assert Attendance.objects.filter(meeting=row, signed_at__isnull=False).count() == 1
    page = browser(people.tech).get(at("meeting", row.pk)).content.decode()
    assert all(word in page for word in ("讨论了噪声", "下月复查", "复查", "某head-m"))


def test_two_recorders_are_told_of_each_other(hospital, people):
    row = make_held(hospital, people)
    officer, head = browser(people.officer), browser(people.head)
    officer.post(at("minutes_save", row.pk), typed_of(row, "甲") | {"revision": "0"})
    clash = head.post(at("minutes_save", row.pk), typed_of(row, "乙") | {"revision": "0"})
    assert (clash.status_code, "某officer-m" in clash.json()["text"]) == (409, True)
    sent = head.post(at("minutes", row.pk), typed_of(row, "乙"))
    page = sent.content.decode()
    assert (sent.status_code, "乙" in page, 'name="over"' in page) == (400, True, True)
    assert head.post(at("minutes", row.pk), typed_of(row, "乙") | {"over": "1"}).status_code == 302
    assert "甲" in head.get(at("minutes", row.pk)).content.decode()  # what was replaced is shown beside
    row = make_recorded(hospital, people)
    gone = officer.post(at("minutes_save", row.pk), {"other": "x", "revision": "1"})
    assert gone.status_code == 410


def test_a_form_says_what_is_wrong(hospital, people):
    officer = browser(people.officer)
    yesterday = (local_day(hospital.zone) - dt.timedelta(days=1)).isoformat()
    for wrong in ({"day": yesterday}, {"chair": "x"}, {"first_day": yesterday}, {"duration": "1"}, {"title": ""}):
        answer = officer.post(at("meeting_new", hospital.pk), form_of(people, **wrong))
        assert answer.status_code == 400, wrong
    assert Meeting.objects.count() == 0


def test_too_few_for_the_quorum_is_said_on_the_form(hospital, people):
    row = meeting_call(user=people.officer, meeting=make_meeting(hospital, people, quorum=100))
    marks = {f"state_{one.pk}": "absent" for one in vars(people).values()}
    answer = browser(people.officer).post(at("meeting_hold", row.pk), marks)
    assert answer.status_code == 400
    row.refresh_from_db()
    assert row.state == "called"


def test_a_series_is_made_changed_and_ended(hospital, people):
    officer = browser(people.officer)
    told = form_of(
        people, name="月度质控会", rhythm="month", lead_days="7", facts=["review.samples", "governance.actions"],
        first_date=local_day(hospital.zone).isoformat(),
    )  # fmt: skip
    officer.post(at("series_new", hospital.pk), told)
    row = MeetingSeries.objects.get()
    assert [one["fact"] for one in row.agenda] == ["review.samples", "governance.actions", "", ""]
    assert officer.get(at("series", row.pk)).status_code == 200
    officer.post(at("series_change", row.pk), told | {"rhythm": "quarter"})
    row.plan.refresh_from_db()
    assert (row.plan.every, Meeting.objects.count()) == (3, 1)
    assert officer.post(at("series_end", row.pk), {"reason": ""}).status_code == 400
    officer.post(at("series_end", row.pk), {"reason": "合并"})
    row.refresh_from_db()
    assert not row.is_active


def test_an_action_item_takes_a_file_and_is_verified_by_another(hospital, people, settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415

    action = make_signed(hospital, people).actions.get()
    tech, head = browser(people.tech), browser(people.head)
    assert "复查低剂量方案" in tech.get(at("actions")).content.decode()
    file = SimpleUploadedFile("proof.txt", "测量结果".encode(), "text/plain")
    tech.post(at("action_done", action.pk), {"proof": "已做", "file": file})
    assert Attachment.objects.get(subject_id=str(action.pk)).name == "proof.txt"
    assert tech.post(at("action_verify", action.pk)).status_code == 403
    head.post(at("action_verify", action.pk))
    assert Action.objects.get(pk=action.pk).state == "verified"
    file_url = reverse("documents:file", args=[Attachment.objects.get().pk])
    outsider = browser(make_user(hospital.parent, "regional_centre", "city-f"))
    assert (head.get(file_url).status_code, outsider.get(file_url).status_code) == (200, 404)


def test_a_file_of_the_minutes_is_asked_for_and_made(hospital, people, settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    row = make_signed(hospital, people)
    browser(people.tech).post(at("meeting_report", row.pk, "xlsx", "zh"))
    order = report_make(order_id=ReportOrder.objects.get().pk)
    assert (order.state, order.attachment.subject_type) == ("done", "meeting")
    assert browser(people.tech).get(at("meeting", row.pk)).status_code == 200


def test_the_region_sees_whether_hospitals_met_and_nothing_else(hospital, other_hospital, region, people):
    row = make_signed(hospital, people, title="曝光专题讨论")
    city = browser(make_user(region, "regional_centre", "city-p"))
    page = city.get(at("hospitals")).content.decode()
    assert hospital.name in page
    assert other_hospital.name in page
    assert "1 / 1" in page
    assert row.title not in page
    assert city.get(at("meeting", row.pk)).status_code == 404
    assert city.get(at("minutes_version", row.pk, 1)).status_code == 404
    assert row.title not in city.get(at("meetings") + "?show=held").content.decode()
    assert city.get(at("meeting_new", hospital.pk)).status_code == 403


def test_another_hospital_sees_nothing(hospital, other_hospital, people):
    row = make_signed(hospital, people)
    other = browser(make_people(other_hospital, "o").head)
    for url in (at("meeting", row.pk), at("meeting_ics", row.pk), at("action", row.actions.get().pk)):
        assert other.get(url).status_code == 404
    assert hospital.name not in other.get(at("hospitals")).content.decode()


def test_a_version_is_shown_as_it_was(hospital, people):
    row = make_signed(hospital, people)
    client = browser(people.officer)
    client.post(at("minutes_correct", row.pk), {"reason": "人名写错"})
    client.post(at("minutes", row.pk), typed_of(row, "改过的。"))
    client.post(at("minutes_record", row.pk), {"password": PASSWORD})
    assert Minutes.objects.count() == 2
    first, second = (client.get(at("minutes_version", row.pk, n)).content.decode() for n in (1, 2))
    assert ("讨论了噪声" in first, "改过的" in first, "改过的" in second, "人名写错" in second) == (
        True,
        False,
        True,
        True,
    )
    assert client.get(at("minutes_version", row.pk, 99)).status_code == 404


def test_pages_cost_the_same_for_few_and_many(hospital, people):
    client = browser(people.head)
    row = make_series(hospital, people)
    held = meeting_call(user=people.officer, meeting=Meeting.objects.get(series=row))
    held = meeting_hold(user=people.officer, meeting=held, roll=everybody_there(held))
    signed = make_signed(hospital, people)
    pages = [at("meetings"), at("meetings") + "?show=held", at("actions"), at("series_list"), at("hospitals")]
    pages += [at("meeting", held.pk), at("meeting", signed.pk), at("series", row.pk), at("minutes", held.pk)]
    pages += [at("action", signed.actions.get().pk), at("meeting_roll", held.pk)]
    few = {url: queries(client, url) for url in pages}
    for n in range(25):
        make_user(hospital, "technologist", f"more-{n}")
    many = [Attendance(meeting=one, user_id=pk) for one in (held, signed) for pk in more(hospital, one)]
    Attendance.objects.bulk_create(many)
    for _n in range(4):
        make_signed(hospital, people)
    for url, n in few.items():
        again = queries(client, url)
        assert n <= CEILING, (url, n)
        assert again <= n + 1, (url, n, again)


def more(hospital, meeting):
    from yingheng.governance.selectors import people_of  # noqa: PLC0415

    known = set(meeting.attendances.values_list("user_id", flat=True))
    return [one.pk for one in people_of(hospital) if one.pk not in known]


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200, url
    return len(seen)
