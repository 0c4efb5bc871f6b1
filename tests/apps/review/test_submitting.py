"""Submitting a case: how many statements it takes, and what stays when it is refused."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now, timedelta
from tests.apps.review.making import make_device, make_exams, make_hospital, make_reader
from tests.apps.review.rooming import TYPED, client_of, home, room, send, url

from yingheng.common.errors import Conflict, NotFound
from yingheng.review.models import Assignment, Mark, Reading
from yingheng.review.services.submitting import Sent, reading_submit
from yingheng.review.sheet_subject import subject_of
from yingheng.sheets.models import Response
from yingheng.sheets.services import SheetErrors, response_begin, response_submit

pytestmark = pytest.mark.django_db
#: Statements of a submission with everything that follows at once, three for the session included.
WITHOUT_DRAFT, WITH_DRAFT, UNROUTED = 31, 29, 4
__all__ = ["home"]


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def hospital(db):
    return make_hospital()


@pytest.fixture
def begun(hospital):
    """Two cases of a reader, the first one opened a minute ago: (assignment, reader)."""
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 2))
    Assignment.objects.filter(pk=rows[0].pk).update(state="begun", opened_at=now() - timedelta(minutes=1))
    return rows[0], reader


def sent(typed=TYPED, **more):
    return Sent(typed=lambda _spec: typed, revision=0, **more)


def counted(client, row, **more):
    with CaptureQueriesContext(connection) as found:
        assert send(client, row, **more).status_code == 200
    return len(found)


@pytest.mark.parametrize("drafted", [False, True])
@pytest.mark.parametrize("routed", [False, True])
def test_it_keeps_to_its_statements(begun, settings, drafted, routed):
    if routed:  # as the product runs: two of the three facts are followed by nothing and leave no row
        settings.YINGHENG_JOB_ROUTES = "yingheng.pipeline.routes.ROUTES"
    row, reader = begun
    client = client_of(reader)
    if drafted:
        send(client, row, "save")
    n = counted(client, row, revision=str(int(drafted)))
    assert n <= (WITH_DRAFT if drafted else WITHOUT_DRAFT) + (0 if routed else UNROUTED)


def test_marks_do_not_add_statements_one_by_one(begun):
    row, reader = begun
    shape = {"kind": "text", "part": "findings", "start": 0, "end": 3}
    for _ in range(30):
        Mark.objects.create(assignment=row, shape=shape, defect="cut", made_at=now())
    assert counted(client_of(reader), row) <= WITHOUT_DRAFT + UNROUTED + 1
    assert Mark.objects.filter(is_final=True).count() == 30
    assert Reading.objects.get().faults == ["cut"]


def test_a_refusal_keeps_what_was_typed_and_the_time(begun):
    row, reader = begun
    with pytest.raises(SheetErrors):
        reading_submit(reader=reader, assignment_id=row.pk, sent=sent({"contrast": "77"}, seconds=12))
    row.refresh_from_db()
    assert (row.state, row.seconds) == ("begun", 12)
    kept = Response.objects.get()
    assert (kept.typed, kept.state, kept.revision) == ({"contrast": "77"}, "draft", 1)
    reading_submit(reader=reader, assignment_id=row.pk, sent=Sent(lambda _spec: TYPED, revision=1, seconds=8))
    assert (Reading.objects.get().seconds, Response.objects.get().state) == (20, "submitted")


def test_a_case_submitted_without_being_opened_is_opened_by_that(hospital):
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 1))
    row = reading_submit(reader=reader, assignment_id=rows[0].pk, sent=sent())
    stored = Assignment.objects.get()
    assert stored.opened_at is not None
    assert stored.opened_at == row.opened_at <= stored.submitted_at


def test_another_window_is_not_overwritten(begun):
    row, reader = begun
    send(client_of(reader), row, "save", {"contrast": "30"})
    with pytest.raises(Conflict, match=r"sheets\.saved_elsewhere"):
        reading_submit(reader=reader, assignment_id=row.pk, sent=sent(seconds=5))
    row.refresh_from_db()
    assert (Response.objects.get().typed, row.seconds) == ({"contrast": "30"}, 0)
    reading_submit(reader=reader, assignment_id=row.pk, sent=sent(over=True))
    assert Response.objects.get().typed == TYPED


def test_twice_the_same_is_once_and_something_else_is_too_late(begun):
    row, reader = begun
    for _ in range(2):
        assert reading_submit(reader=reader, assignment_id=row.pk, sent=sent(seconds=5)).state == "submitted"
    assert Reading.objects.get().seconds == 5
    with pytest.raises(Conflict, match=r"review\.read_already"):
        reading_submit(reader=reader, assignment_id=row.pk, sent=sent({"contrast": "1"}))


def test_nobody_else_submits_it(begun, hospital):
    row, _reader = begun
    with pytest.raises(NotFound):
        reading_submit(reader=make_reader(hospital, "stranger"), assignment_id=row.pk, sent=sent())
    assert Response.objects.count() == 0


def test_a_sheet_that_was_submitted_past_the_room_is_not_submitted_again(begun):
    row, reader = begun
    draft = response_begin(actor=reader.actor, template=row.case.template, subject=subject_of(row), occasion="reading")
    from yingheng.sheets.judging import Basis  # noqa: PLC0415

    response_submit(actor=reader.actor, response=draft, typed=TYPED, basis=Basis())
    assert client_of(reader).get(url("reading_case", row)).status_code == 410
    assert reading_submit(reader=reader, assignment_id=row.pk, sent=sent()).state == "submitted"
    assert Reading.objects.count() == 1
