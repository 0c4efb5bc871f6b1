"""Reports made by a worker: asked for, made, attached, made again, refused with their reason."""

import datetime as dt

import pytest

from yingheng.common.errors import Invalid, NotFound
from yingheng.documents import builders
from yingheng.documents.builders import Builder, report_builder_register
from yingheng.documents.models import Attachment, ReportOrder
from yingheng.documents.report.model import Report, Section, Text
from yingheng.documents.services import attachment_read, report_ask, report_make
from yingheng.documents.tasks import make_report_asked
from yingheng.jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


@pytest.fixture
def says(monkeypatch):
    """What the report says: changed by the test."""
    text = ["一"]

    def build(hospital, subject_id, lang):
        if not text[0]:
            raise NotFound("sheets.subject_unknown")
        at = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
        return Report(f"年册 {subject_id}", hospital.name, at, (Section("x", (Text(text[0]),)),), lang=lang)

    monkeypatch.setattr(builders, "_builders", {})
    report_builder_register(Builder("device.year", "device", build))
    return text


def ask(hospital, actor, **changes):
    given = {"builder": "device.year", "subject_id": "7", "format": "xlsx"} | changes
    return report_ask(actor=actor, hospital=hospital, **given)


def test_it_is_made_by_a_job_and_attached(hospital, actor, says):
    order = ask(hospital, actor)
    assert ask(hospital, actor).pk == order.pk
    job = Job.objects.get(kind="report.asked")
    make_report_asked(job.natural_key, {})
    order.refresh_from_db()
    assert (order.state, order.attachment.kind, order.attachment.subject_id) == ("done", "report", "7")
    assert attachment_read(order.attachment).startswith(b"PK")
    assert report_make(order_id=order.pk).finished_at == order.finished_at  # made once


def test_asked_again_it_says_what_is_so_then(hospital, actor, says):
    first = report_make(order_id=ask(hospital, actor).pk)
    again = report_make(order_id=ask(hospital, actor).pk)
    assert again.attachment_id == first.attachment_id  # the same facts are the same bytes
    says[0] = "二"
    third = report_make(order_id=ask(hospital, actor).pk)
    assert third.attachment_id != first.attachment_id
    assert (Attachment.objects.count(), ReportOrder.objects.count()) == (2, 1)


def test_a_refusal_is_kept(hospital, actor, says):
    says[0] = ""
    order = report_make(order_id=ask(hospital, actor).pk)
    assert (order.state, order.error, order.attachment) == ("failed", "sheets.subject_unknown", None)
    with pytest.raises(NotFound):
        ask(hospital, actor, builder="none")
    with pytest.raises(Invalid):
        ask(hospital, actor, format="odt")
    assert report_make(order_id=hospital.pk) is None
