"""Reading a case: the time that counts, and marks on images."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.apps.review.making import give, make_device, make_exams, make_hospital, make_reader
from tests.apps.review.rooming import client_of, film_exam, home, room, send, url

from yingheng.common.errors import Conflict
from yingheng.review.models import Assignment, Mark, Reading
from yingheng.review.services import reading as services
from yingheng.review.services.reading import Drawn, assignment_open, mark_put, mark_remove, seconds_add

pytestmark = pytest.mark.django_db
CEILING = 15
__all__ = ["home"]


@pytest.fixture
def hospital(db):
    return make_hospital()


@pytest.fixture
def plain(hospital):
    """Two cases without bytes."""
    return room(hospital, make_exams(make_device(hospital), 2))


def test_time_is_counted_in_beats_and_never_beyond_what_has_passed(plain):
    _campaign, rows, reader = plain
    row = rows[0]
    assert seconds_add(reader=reader, assignment=row, seconds=15) == 0  # not opened yet
    assignment_open(reader=reader, assignment=row)
    assert seconds_add(reader=reader, assignment=row, seconds=15) <= 2
    Assignment.objects.filter(pk=row.pk).update(opened_at=timezone.now() - dt.timedelta(hours=9))
    before = seconds_add(reader=reader, assignment=row, seconds=15)
    assert seconds_add(reader=reader, assignment=row, seconds=9999) == before + services.BEAT_S
    assert seconds_add(reader=reader, assignment=row, seconds=float("nan")) == before + services.BEAT_S
    Assignment.objects.filter(pk=row.pk).update(seconds=services.MOST_S)
    assert seconds_add(reader=reader, assignment=row, seconds=15) == services.MOST_S


@pytest.fixture
def filmed(hospital, home):
    exam = film_exam(hospital, home, n=2)
    return room(hospital, [exam])


def mark_of(row, **more):
    shape = {"kind": "rect", "points": [[10, 12], [40, 50]]}
    return {"id": str(uuid.uuid4()), "series": f"{row.pk}/0/0", "index": 0, "shape": shape, "defect": "", **more}


def put(client, row, told):
    return client.post(url("reading_marks", row), told, content_type="application/json")


def test_marks_are_kept_once_and_final_with_the_reading(filmed):
    _campaign, rows, reader = filmed
    row, client = rows[0], client_of(reader)
    told = mark_of(row, defect="D-DX-001")
    assert put(client, row, told).status_code == 200
    assert put(client, row, told).status_code == 200  # sent again after a lost answer
    gone = mark_of(row)
    put(client, row, gone)
    assert client.delete(url("reading_marks", row) + f"?id={gone['id']}").status_code == 200
    assert [m["id"] for m in client.get(url("reading_case", row)).json()["marks"]] == [told["id"]]
    send(client, row)
    mark = Mark.objects.get()
    assert mark.is_final
    assert Reading.objects.get().faults == ["D-DX-001"]
    assert client.delete(url("reading_marks", row) + f"?id={told['id']}").status_code == 410
    assert put(client, row, mark_of(row)).status_code == 410
    assert Mark.objects.count() == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"shape": {"kind": "circle", "points": [[1, 1]]}},
        {"shape": {"kind": "rect", "points": [[1, 1]]}},
        {"shape": {"kind": "point", "points": [["x", 1]]}},
        {"shape": {"kind": "point", "points": [[1e9, 1]]}},
        {"shape": None},
        {"index": 99},
        {"index": -1},
        {"series": "0/0"},
        {"defect": "D-NONE-1"},
        {"id": "7"},
    ],
)
def test_marks_that_mean_nothing_are_refused(filmed, bad):
    _campaign, rows, reader = filmed
    row = rows[0]
    assert put(client_of(reader), row, {**mark_of(row), **bad}).status_code == 422
    assert Mark.objects.count() == 0


def test_a_mark_belongs_to_its_reader(filmed, hospital):
    _campaign, rows, reader = filmed
    row = rows[0]
    other = make_reader(hospital, "other")
    mine = give(row.case, other, 2)
    told = mark_of(row)
    put(client_of(reader), row, told)
    assert put(client_of(other), mine, {**mark_of(mine), "id": told["id"]}).status_code in {409, 410}
    mark_remove(reader=other, assignment=mine, mark_id=uuid.UUID(told["id"]))
    assert Mark.objects.get().assignment == row
    with pytest.raises(Conflict):
        mark_put(reader=other, assignment=row, mark_id=uuid.uuid4(), drawn=Drawn(uuid.uuid4(), uuid.uuid4(), 0, {}))


def test_a_case_takes_a_bounded_number_of_marks(filmed, monkeypatch):
    _campaign, rows, reader = filmed
    monkeypatch.setattr(services, "MOST_MARKS", 2)
    client = client_of(reader)
    assert [put(client, rows[0], mark_of(rows[0])).status_code for _ in range(3)] == [200, 200, 409]


def test_the_room_takes_few_queries(filmed):
    _campaign, rows, reader = filmed
    client = client_of(reader)
    put(client, rows[0], mark_of(rows[0]))
    for address, most in (
        (url("reading", rows[0]), CEILING),
        (url("reading_series", rows[0], 0, 0), CEILING),
        (url("reading_frame", rows[0], 0, 1, 0), 8),
        (url("reading_priors", rows[0]), CEILING),
    ):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        assert len(asked) <= most, (address, [q["sql"][:90] for q in asked])
