"""Reports and records in the reading room: what is shown, what is missing, and marks on words."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.review.auditing import FINDINGS, audit, make_course, make_order, make_version, typed
from tests.apps.review.making import give, make_device, make_exams, make_hospital, make_reader, make_technologist
from tests.apps.review.rooming import client_of, send, url

from yingheng.catalog.models import Exam, Series
from yingheng.common.errors import Invalid
from yingheng.registry.models import ExamItem
from yingheng.review.models import Mark, Reading
from yingheng.review.services.reading import Drawn, mark_put
from yingheng.web.reading.case import marks_of
from yingheng.web.reading.veil import Veil

pytestmark = pytest.mark.django_db
CEILING = 15


@pytest.fixture
def hospital():
    return make_hospital()


@pytest.fixture
def exam(hospital):
    (row,) = make_exams(make_device(hospital), 1, sex="F", age_years=63)
    Exam.objects.filter(pk=row.pk).update(ended_at=row.started_at + dt.timedelta(minutes=10))
    Series.objects.filter(exam=row).update(
        geometry={"rows": 512, "columns": 512},
        facts={"KVP": 120, "Exposure": 200, "SliceThickness": 1.25, "CTDIvol": 8.1},
    )
    row.refresh_from_db()
    return row


def shown(row, reader):
    return client_of(reader).get(url("reading_case", row)).json()


# --- what is shown ------------------------------------------------------------------------------------------


def test_a_report_is_read_in_the_version_that_was_drawn(hospital, exam):
    make_order(exam)
    make_version(exam, 1, findings="左肺上叶见 10 mm 结节。")
    make_version(exam, 2)
    _campaign, rows, reader = audit(hospital, "report", [exam])
    make_version(exam, 3, findings="右肺上叶见 12 mm 结节。", state="corrected")
    content = shown(rows[0], reader)["content"]
    assert content["kind"] == "report"
    html = content["html"]
    assert FINDINGS in html
    assert "右肺上叶见" not in html
    assert "第 3 版" in html
    assert "<del>10</del><ins>12</ins>" in html
    for told in ("胸部CT平扫", "咳嗽 2 周", "既往体健", "1 小时", "门诊"):
        assert told in html
    for hidden in ("李诊断", "呼吸内科", "2026"):
        assert hidden not in html


def test_what_a_report_lacks_is_said(hospital, exam):
    make_version(exam, 1, impression="", signers=(), signed_at=None)
    _campaign, rows, reader = audit(hospital, "report", [exam])
    html = shown(rows[0], reader)["content"]["html"]
    assert html.count("room-missing") == 4  # impression, signature, its time, and a request
    assert 'data-part="findings"' in html
    assert 'data-part="impression"' not in html


def test_a_record_tells_what_was_done_and_what_is_missing(hospital, exam):
    make_order(exam, history="")
    make_course(exam)
    _campaign, rows, reader = audit(hospital, "record", [exam])
    told = shown(rows[0], reader)
    html = told["content"]["html"]
    for words in ("120 kV", "200 mAs", "1.25 mm", "CTDIvol 8.1 mGy", "512 × 512", "63", "3 小时"):
        assert words in html
    assert "2026-10" not in html
    assert html.count("room-missing") >= 3  # history, technologist, item, …
    assert told["position"] is None
    assert told["dictionary"].startswith("CT")


def test_an_sop_audit_shows_what_the_item_asks_for_and_no_verdict(hospital, exam):
    item = ExamItem.objects.get_or_create(code="MR-HEAD-PL", defaults={"name_zh": "颅脑平扫", "modality": "MR"})[0]
    Exam.objects.filter(pk=exam.pk).update(item=item, item_state="mapped", outcome="FAIL", n_fail=2)
    _campaign, rows, reader = audit(hospital, "sop", [exam])
    html = shown(rows[0], reader)["content"]["html"]
    assert "T1WI" in html
    assert "4–6 mm" in html
    assert "FAIL" not in html
    Exam.objects.filter(pk=exam.pk).update(item=None, item_state="unmapped")
    assert "T1WI" not in shown(rows[0], reader)["content"]["html"]


def test_nothing_is_hidden_where_the_sample_says_so(hospital, exam):
    make_order(exam)
    make_version(exam)
    _campaign, rows, reader = audit(hospital, "report", [exam], blind="open")
    html = shown(rows[0], reader)["content"]["html"]
    for told in ("李诊断", "呼吸内科", "2026-10"):
        assert told in html


def test_images_have_no_pane(hospital, exam):
    _campaign, rows, reader = audit(hospital, "record", [exam])
    rows[0].campaign.subject_kind = "exam"
    rows[0].campaign.save()
    assert shown(rows[0], reader)["content"] is None


@pytest.mark.parametrize("kind", ["report", "record", "sop"])
def test_a_page_stays_cheap(hospital, exam, kind):
    make_order(exam)
    for n in range(1, 5):
        make_version(exam, n)
    make_course(exam)
    _campaign, rows, reader = audit(hospital, kind, [exam])
    client = client_of(reader)
    if kind == "report":
        put(client, rows[0], words())
    client.get(url("reading", rows[0]))
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url("reading", rows[0])).status_code == 200
    assert len(seen) <= CEILING, "\n".join(one["sql"][:90] for one in seen)


# --- marks on words ------------------------------------------------------------------------------------------


def words(start=0, end=4, part="findings", defect="RD-09", **more):
    return {"id": str(uuid.uuid4()), "series": "", "index": 0, "defect": defect,
            "shape": {"kind": "text", "part": part, "start": start, "end": end}, **more}  # fmt: skip


def put(client, row, told):
    return client.post(url("reading_marks", row), told, content_type="application/json")


@pytest.fixture
def audited(hospital, exam):
    make_version(exam)
    _campaign, rows, reader = audit(hospital, "report", [exam])
    return rows[0], client_of(reader), reader


def test_words_are_marked_kept_and_final_once_submitted(audited):
    row, client, _reader = audited
    told = words()
    for _again in range(2):
        assert put(client, row, told).status_code == 200
    mark = Mark.objects.get()
    assert (mark.series_id, mark.shape, mark.in_text) == (None, told["shape"], True)
    assert client.get(url("reading_case", row)).json()["marks"][0]["shape"] == told["shape"]
    assert send(client, row, typed=typed("report")).status_code == 200
    assert Reading.objects.get().faults == ["RD-09"]
    assert put(client, row, told).status_code in {409, 410}
    after = client.get(url("reading", row)).content.decode()
    assert "左肺上叶" in after
    assert "左右写错" in after
    with pytest.raises(IntegrityError), transaction.atomic():
        Mark.objects.update(defect="")


@pytest.mark.parametrize(
    "told",
    [
        words(0, 9999), words(4, 4), words(-1, 2), words(0, 2, part="signers"), words(0, "2"), words(defect="NOPE"),
        {**words(), "shape": {"kind": "text"}}, words(start=True, end=2), words(None, 2),
    ],
)  # fmt: skip
def test_what_is_no_place_in_the_text_is_refused(audited, told):
    row, client, _reader = audited
    assert put(client, row, told).status_code == 422
    assert not Mark.objects.exists()


def test_words_are_marked_in_reports_alone(hospital, exam):
    make_version(exam)
    _campaign, rows, reader = audit(hospital, "record", [exam])
    assert put(client_of(reader), rows[0], words()).status_code == 422


def test_a_mark_is_in_a_text_or_on_an_image_never_half(audited):
    row, _client, reader = audited
    with pytest.raises(Invalid):
        mark_put(reader=reader, assignment=row, mark_id=uuid.uuid4(),
                 drawn=Drawn(None, None, 0, {"kind": "point", "points": [[1, 1]]}))  # fmt: skip
    for shape, series in (({"kind": "point"}, None), ({"kind": "text"}, Series.objects.first())):
        with pytest.raises(IntegrityError), transaction.atomic():
            Mark.objects.create(assignment=row, shape=shape, series=series, made_at=row.assigned_at)


def test_the_defects_of_reports_are_offered(audited):
    row, client, _reader = audited
    page = client.get(url("reading", row)).context["config"]
    ((name, offered),) = page["defects"].items()
    assert name == page["case"]["dictionary"]
    assert {one["code"] for one in offered} >= {"RD-09", "RD-50"}
    told = client.get(reverse("web:reading_defects") + "?modality=report").json()["defects"]
    assert len(told) == len(offered)
    assert all(one["code"].startswith("RD-") for one in told)


def test_an_arbiter_sees_what_both_have_marked(hospital, exam):
    make_version(exam)
    campaign, rows, _first = audit(hospital, "report", [exam], readers=2)
    second, third = make_reader(hospital, "second"), make_reader(hospital, "third", role="head")
    other = give(rows[0].case, second, 2)
    for row, mark, fault in (
        (rows[0], words(0, 4), {}),
        (other, words(0, 2, "impression", "RD-21"), {"wording.faults": ["rd21"]}),
    ):
        client = client_of(row.reader)
        assert put(client, row, mark).status_code == 200
        faults = {"consistency.faults": ["rd09"]} if row is rows[0] else fault
        assert send(client, row, typed={**typed("report"), **faults}).status_code == 200
    campaign.refresh_from_db()
    last = give(rows[0].case, third, 3)
    told = shown(last, third)
    assert [one["start"] for one in told["content"]["others"]] == [0, 0]
    assert [one["part"] for one in told["content"]["others"]] == ["findings", "impression"]
    for text in ("左右写错", "用语含糊", "“左肺上叶”"):
        assert text in told["sheet"]
    assert shown(last, third)["marks"] == []
    assert marks_of(Veil(last), last) == []


# --- own work -------------------------------------------------------------------------------------------------


def test_a_technologist_does_not_audit_own_records(hospital):
    from yingheng.review.readers import conflicts_of, readers_of  # noqa: PLC0415 - of this test alone

    reader, other = make_reader(hospital, "made"), make_reader(hospital, "stranger")
    (exam,) = make_exams(make_device(hospital), 1, performer=make_technologist(hospital, user=reader))
    campaign, rows, _reader = audit(hospital, "record", [exam], reader=other)
    del rows
    readers = readers_of(hospital, [str(reader.pk), str(other.pk)])
    from tests.apps.review.making import reading  # noqa: PLC0415 - of this test alone

    barred = conflicts_of(list(campaign.cases.select_related("performer", "hospital", "template")), readers,
                          reading([reader, other]), "audit")  # fmt: skip
    assert list(barred.values()) == [{str(reader.pk)}]
