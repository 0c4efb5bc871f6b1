"""Reports and records for tests: an exam with its request, its report in versions, its retake, and samples of them."""

import datetime as dt

from tests.apps.review.making import give, make_campaign, make_reader, reading

from yingheng.catalog.models import Exam, Order, Report, Retake
from yingheng.review.models import Case
from yingheng.sheets.services import product_template

SHEETS = {"report": "report-audit", "record": "exam-record", "sop": "sop-audit"}
FINDINGS = "左肺上叶见 12 mm 结节，边缘毛刺。右肺未见异常。"
IMPRESSION = "左肺上叶结节，建议 3 月后复查。"


def make_order(exam, **columns):
    """The request of an exam."""
    told = {"requested": "胸部CT平扫", "purpose": "咳嗽 2 周", "history": "既往体健", "patient_class": "outpatient",
            "department": "呼吸内科", "ordered_at": exam.started_at - dt.timedelta(hours=3)}  # fmt: skip
    order = Order.objects.create(hospital=exam.hospital, number=f"ORD-{exam.accession}", accession=exam.accession,
                                 **told | columns)  # fmt: skip
    exam.order = order
    exam.save(update_fields=["order"])
    return order


def make_version(exam, n=1, *, signers=("李诊断",), state="final", findings=FINDINGS, impression=IMPRESSION, **columns):
    """A version of the report of an exam, written half an hour and signed an hour after it began."""
    began = exam.started_at
    times = {"written_at": began + dt.timedelta(minutes=30 * n), "signed_at": began + dt.timedelta(minutes=60 * n)}
    return Report.objects.create(
        hospital=exam.hospital, exam=exam, version=n, state=state, findings=findings, impression=impression,
        signers=list(signers), received_at=exam.received_at, **times | columns,
    )  # fmt: skip


def make_course(exam):
    """A retake with its reason, and what the scanner told of the exam."""
    Retake.objects.create(
        hospital=exam.hospital, exam=exam, reason="POS-01", origin="console", asked_at=exam.started_at
    )
    steps = [{"state": "completed", "rejected": 1}]
    Exam.objects.filter(pk=exam.pk).update(n_expected=3, n_missing=2, arrival={"steps": steps})


def audit(hospital, kind, exams, *, reader=None, readers=1, blind="full", slot=1, **more):
    """(campaign, assignments of the reader in order, reader): the newest report of every exam, or its record."""
    person = reader or make_reader(hospital, f"audits-{kind}")
    template = product_template(key=SHEETS[kind])
    campaign = make_campaign(
        hospital, exams, template, reads=reading([person], readers=readers, blind=blind), key=f"{kind}-audit",
        purpose="audit", subject_kind=kind, **more,
    )  # fmt: skip
    if kind == "report":
        for case in campaign.cases.select_related("exam"):
            newest = case.exam.reports.order_by("-version").first()
            Case.objects.filter(pk=case.pk).update(subject_id=newest.pk)
    return campaign, [give(case, person, slot) for case in campaign.cases.order_by("number")], person


def typed(kind, **more):
    """A sheet filled in without a fault."""
    from yingheng.sheets.selectors import spec_of  # noqa: PLC0415 - Django is set up

    spec = spec_of(product_template(key=SHEETS[kind]))
    found = {}
    for item in spec.items():
        if item.type == "score" and item.required:
            found[item.key] = "seen"
        elif item.type == "check":
            found[item.key] = "yes"
        elif item.type == "choice":
            found[item.key] = "other"
    told = {**found, **more}
    return {**told, **{f"{key}.reason": "与要求不符" for key, value in told.items() if value == "no"}}
