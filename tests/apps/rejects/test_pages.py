"""The pages of the reject analysis: a log from file to figures, who sees what, and what a year costs."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.rejects.making import (
    ACTOR,
    DAY,
    ZH_HEADS,
    brought,
    csv_of,
    device_of,
    exam_of,
    retake_of,
    zh_rows,
)

from yingheng.registry.models import Person
from yingheng.rejects.handlers import apply_reason, import_log
from yingheng.rejects.models import CountedDay, LogFile, LogProfile, ReasonDecision, RejectedExposure
from yingheng.rejects.month_cells import HOUR, PERFORMER, POSITION, RATE, REASON
from yingheng.rejects.services.counting import month_count
from yingheng.rejects.services.reasons import row_reason_set
from yingheng.rollups.models import Cell
from yingheng.rollups.services import dimensions_hash

pytestmark = pytest.mark.django_db
MONTH = DAY.replace(day=1)
PERIOD = "?first=2026-10&last=2026-10"


@pytest.fixture
def device(hospital):
    return device_of(hospital)


def upload(client, device, data, name="废片.csv"):
    answer = client.post(reverse("rejects:log_new"), {"device": str(device.pk), "file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def filled(answer):
    """What the form of a page would send."""
    form = answer.context["page"].form
    return {bound.name: bound.value() if bound.value() is not None else "" for bound in form}


def test_it_takes_a_log_from_the_file_to_the_figures(device, signed_in):
    client = signed_in("qc_officer")
    url = upload(client, device, csv_of([*zh_rows(60), ("2026-13-01", "8:00", "", "", "接受", "", "李四", "B1")],
                                        encoding="gb18030"))  # fmt: skip
    page = client.get(url)
    text = page.content.decode()
    assert "张三" not in text
    assert "李四" not in text
    assert "2026-13-01" in text, "a row that cannot be taken is shown with its reason"
    sent = filled(page) | {"profile": "DR 日志"}
    look = client.post(url + "?look=1", sent)
    assert look.status_code == 200
    assert LogFile.objects.get().state == "uploaded", "a look imports nothing"
    assert client.post(url, sent).status_code == 302
    row = LogFile.objects.get()
    import_log(str(row.pk), {})
    month_count(device=device, month=MONTH)
    done = client.get(url).content.decode()
    assert "2026-10-13" in done
    refused = client.get(reverse("rejects:refused", args=[row.pk])).content.decode()
    assert "2026-13-01" in refused
    assert "李四" not in refused
    analysis = client.get(reverse("rejects:analysis") + PERIOD).content.decode()
    assert "10.0" in analysis
    assert "n = 60" in analysis
    assert LogProfile.objects.get().name == "DR 日志"
    again = client.get(upload(client, device, csv_of(zh_rows(60))))
    assert "DR 日志" in again.content.decode()


def test_it_takes_columns_that_a_person_corrected(device, signed_in):
    """Headings that nobody knows: the person says which column is what."""
    client = signed_in("qc_officer")
    data = csv_of([("2026-10-13 08:00", "x", "晃动了")], ("alpha", "beta", "gamma"))
    url = upload(client, device, data)
    page = client.get(url)
    assert page.status_code == 200
    sent = filled(page) | {"head": 1, "column_at": "0", "column_reason": "2", "first_day": "2026-10-13",
                           "last_day": "2026-10-13"}  # fmt: skip
    assert client.post(url, sent | {"column_at": ""}).status_code == 400
    assert client.post(url, sent).status_code == 302
    import_log(str(LogFile.objects.get().pk), {})
    assert RejectedExposure.objects.get().reason_text == "晃动了"


def test_it_says_why_a_file_cannot_be_read(device, signed_in):
    client = signed_in("qc_officer")
    for data in (b"\x00\x01\x02\x03" * 9, b"one column\nonly\n", b"PK\x03\x04 no workbook"):
        answer = client.post(
            reverse("rejects:log_new"), {"device": str(device.pk), "file": SimpleUploadedFile("x.csv", data)}
        )
        assert answer.status_code == 400
        assert answer.context["page"].form.non_field_errors()
    assert not LogFile.objects.exists()


def test_it_matches_a_text_once_for_all_rows(device, signed_in, hospital):
    client = signed_in("qc_officer")
    brought(device, csv_of(zh_rows(60, reasons=("摆位有点歪",))))
    month_count(device=device, month=MONTH)
    queue = client.get(reverse("rejects:texts")).content.decode()
    assert "摆位有点歪" in queue
    assert "体位不正" in queue, "a suggestion"
    url = reverse("rejects:text", args=[hospital.pk]) + "?key=摆位有点歪"
    assert client.post(url, {"reason": "RT-01"}).status_code == 302
    apply_reason(str(ReasonDecision.objects.get().pk), {})
    assert set(RejectedExposure.objects.values_list("reason", flat=True)) == {"RT-01"}
    assert "摆位有点歪" not in client.get(reverse("rejects:texts")).content.decode()


def test_it_keeps_the_reason_that_a_person_set(device, signed_in):
    client = signed_in("technologist")
    brought(device, csv_of(zh_rows(1, reasons=("不知道",))))
    row = RejectedExposure.objects.get()
    url = reverse("rejects:row_reason", args=[row.pk])
    assert client.post(url, {"reason": "nothing"}).status_code == 400
    assert client.post(url, {"reason": "RT-06"}).status_code == 302
    row.refresh_from_db()
    assert (row.reason, row.reason_by_name) == ("RT-06", "某technologist")


def test_it_lets_only_those_import_who_answer_for_it(device, signed_in):
    client = signed_in("technologist")
    for name in ("rejects:logs", "rejects:log_new", "rejects:texts"):
        assert client.get(reverse(name)).status_code == 403
    assert client.get(reverse("rejects:analysis")).status_code == 200


def test_it_shows_another_hospital_nothing(device, signed_in, other_hospital):
    row = brought(device, csv_of(zh_rows(60)))
    month_count(device=device, month=MONTH)
    client = signed_in("qc_officer", "stranger", other_hospital)
    assert client.get(reverse("rejects:log", args=[row.pk])).status_code == 404
    assert client.get(reverse("rejects:refused", args=[row.pk])).status_code == 404
    assert client.get(reverse("rejects:text", args=[device.hospital_id]) + "?key=体位不正").status_code == 404
    assert "n = 60" not in client.get(reverse("rejects:analysis") + PERIOD).content.decode()
    answer = client.post(
        reverse("rejects:log_new"), {"device": str(device.pk), "file": SimpleUploadedFile("a.csv", csv_of(zh_rows(1)))}
    )
    assert answer.status_code == 400


def test_it_names_people_only_to_those_who_see_results(device, signed_in, hospital):
    Person.objects.create(hospital=hospital, staff_number="7", name="张三")
    brought(device, csv_of(zh_rows(60)))
    month_count(device=device, month=MONTH)
    for role, seen in (("technologist", False), ("qc_officer", True)):
        client = signed_in(role)
        for name in ("rejects:analysis", "rejects:rows"):
            assert ("张三" in client.get(reverse(name) + PERIOD).content.decode()) is seen, (role, name)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "pdf"])
def test_it_exports_what_the_page_shows(device, signed_in, ending):
    brought(device, csv_of(zh_rows(60)))
    month_count(device=device, month=MONTH)
    client = signed_in("qc_officer")
    answer = client.get(reverse("rejects:export", args=[ending]) + PERIOD)
    assert answer.status_code == 200
    begin = {"csv": "\ufeff".encode(), "xlsx": b"PK", "pdf": b"%PDF"}[ending]
    assert answer.content.startswith(begin)
    if ending == "csv":
        assert "DR1,6,60,10.0," in answer.content.decode()
    assert client.get(reverse("rejects:export", args=["exe"])).status_code == 404


def test_it_says_that_a_day_without_source_is_not_known(device, signed_in):
    exam_of(device, n=30)
    month_count(device=device, month=MONTH)
    client = signed_in("qc_officer")
    page = client.get(reverse("rejects:analysis") + PERIOD).content.decode()
    assert "not known: no source" in page or "没有来源" in page
    assert ">0.0<" not in page
    assert CountedDay.objects.get().source == "none"
    assert client.get(reverse("rejects:days") + PERIOD).status_code == 200


def test_it_takes_any_address_for_a_period(device, signed_in):
    brought(device, csv_of(zh_rows(10)))
    client = signed_in("qc_officer")
    for query in ("?first=x&last=9999-99", "?device=nobody", "?reason=%3F&source=x&performer=zz&page=-1",
                  "?reason=-&performer=-&counted=1", "?first=2026-12&last=2026-01"):  # fmt: skip
        for name in ("rejects:analysis", "rejects:rows", "rejects:days"):
            assert client.get(reverse(name) + query).status_code == 200, (name, query)


def test_it_costs_few_queries_whatever_a_year_holds(hospital, signed_in):
    """Fifty devices, twelve months: cells as they would be after ten million exposures."""
    year_of(hospital, devices=50)
    client = signed_in("qc_officer")
    url = reverse("rejects:analysis") + "?first=2025-11&last=2026-10"
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(url)
    assert answer.status_code == 200
    assert len(seen) <= 15, "\n".join(q["sql"] for q in seen)
    assert "n = 10 080 000" in answer.content.decode() or "n = 10080000" in answer.content.decode()


def year_of(hospital, devices):
    cells = []
    for number in range(devices):
        device = device_of(hospital, f"DR{number}")
        for month in range(12):
            day = dt.date(2025 + (month + 10) // 12, (month + 10) % 12 + 1, 1)
            told = [(RATE, {"source": "log"}, 1000, 16800)]
            told += [(REASON, {"reason": f"RT-{n:02}"}, 100, 0) for n in range(1, 11)]
            told += [(PERFORMER, {"performer": ""}, 100, 1680)]
            told += [(POSITION, {"position": f"P{n}|PA"}, 50, 840) for n in range(20)]
            told += [(HOUR, {"weekday": d, "hour": h}, 10, 200) for d in range(7) for h in range(8, 12)]
            for indicator, dimensions, k, n in told:
                full = {"device": str(device.pk), **dimensions}
                cells.append(
                    Cell(hospital=hospital, indicator=indicator, day=day, dimensions=full,
                         dimensions_hash=dimensions_hash(full), numerator=k, denominator=n)
                )  # fmt: skip
    Cell.objects.bulk_create(cells, batch_size=1000)


def test_it_sets_no_reason_of_what_the_register_says(device, hospital, signed_in):
    retake_of(exam_of(device))
    month_count(device=device, month=MONTH)
    row = RejectedExposure.objects.get(source="register")
    client = signed_in("qc_officer")
    answer = client.post(reverse("rejects:row_reason", args=[row.pk]), {"reason": "RT-01"})
    assert answer.status_code == 400
    with pytest.raises(Exception, match="row_derived"):
        row_reason_set(actor=ACTOR, row=row, reason="RT-01")


def test_it_takes_an_import_back_by_whoever_may_import(device, signed_in):
    row = brought(device, csv_of(zh_rows(60)))
    month_count(device=device, month=MONTH)
    client, reader = signed_in("qc_officer"), signed_in("technologist")
    page, url = reverse("rejects:log", args=[row.pk]), reverse("rejects:log_withdraw", args=[row.pk])
    shown = client.get(page).content.decode()
    assert url in shown
    assert "2026-10" in shown
    assert (reader.get(url).status_code, reader.post(url, {"reason": "x"}).status_code) == (403, 403)
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": "  "}).status_code == 400
    for _click in range(2):
        assert client.post(url, {"reason": "<i>列错了</i>"})["Location"] == page
    text = client.get(page).content.decode()
    assert "&lt;i&gt;列错了" in text
    assert url not in text
    assert client.get(url)["Location"] == page
    rows = reverse("rejects:rows") + PERIOD
    assert "A10" not in client.get(rows).content.decode()
    back = client.get(f"{rows}&file={row.pk}")
    assert len(back.context["page"].table.rows) == 6
    assert client.get(reverse("rejects:logs")).status_code == 200


def test_another_hospital_takes_nothing_back(device, signed_in, other_hospital):
    row = brought(device, csv_of(zh_rows(10)))
    client = signed_in("qc_officer", "stranger", other_hospital)
    url = reverse("rejects:log_withdraw", args=[row.pk])
    assert (client.get(url).status_code, client.post(url, {"reason": "x"}).status_code) == (404, 404)
    row.refresh_from_db()
    assert row.state == "done"


def test_it_says_that_kept_columns_do_not_fit_a_file(device, signed_in):
    client = signed_in("qc_officer")
    first = upload(client, device, csv_of(zh_rows(10)))
    assert client.post(first, filled(client.get(first)) | {"profile": "旧版"}).status_code == 302
    profile = LogProfile.objects.get()
    turned = csv_of([tuple(reversed(one)) for one in zh_rows(10)], tuple(reversed(ZH_HEADS)))
    url = upload(client, device, turned)
    form = client.get(url).context["page"].form
    assert form["column_day"].value() == "7", "by the headings of the file, not by the kept places"
    assert client.get(f"{url}?profile={profile.pk}").context["page"].form["column_day"].value() == "0"
