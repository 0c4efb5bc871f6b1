"""What follows from results, for pages: an announced campaign with an appeal and a tracing, and one still read."""

from tests.apps.review.making import give, make_campaign, make_case, make_exams, make_readers, make_sheet, reading
from tests.apps.review.ruled import read

from yingheng.catalog.models import Exam
from yingheng.review.models import Appeal, Tracing
from yingheng.review.services.appealing import appeal_file
from yingheng.review.services.closing import year_close
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.sheets.models import Template


def make_followed(exam_id):
    """Ids by what an address names; the exam's case was poor, and somebody objected to it."""
    exam = Exam.objects.select_related("hospital", "device", "item").get(pk=exam_id)
    hospital = exam.hospital
    reader, objects = make_readers(hospital, 2, prefix=f"follow-{hospital.code}-")
    sheet = Template.objects.filter(hospital=hospital, key="film-test").first() or make_sheet(hospital)
    rules = reading([reader], readers=1)
    done = make_campaign(hospital, [exam], sheet, reads=rules, key="announced")
    case = done.cases.get()
    give(case, reader)
    read(case, reader, 1, score=66, faults=["D-DX-001"])
    campaign_publish(actor=reader.actor, campaign=done)
    effects_apply(case=case)
    appeal_file(user=objects, case=case, reason="x")
    being_read = make_campaign(hospital, [exam], sheet, reads=rules, key="being-read")
    day = make_campaign(hospital, [exam], sheet, reads=rules, key="a-day", purpose="daily")
    return {
        "review_day": day.pk,
        "review_film": day.cases.get().pk,
        "review_results": done.pk,
        "review_reading": being_read.pk,
        "review_result": case.pk,
        "review_appeal": Appeal.objects.get(case=case).pk,
        "review_year": year_close(hospital=hospital, year=exam.local_day.year).pk,
        "review_tracing": Tracing.objects.get(case=case).pk,
    }


def multiply_cases(campaign, reader, n, **columns):
    """Many more settled cases of the same exam's kind, on exams of their own."""
    first = campaign.cases.select_related("device").first()
    for number, exam in enumerate(make_exams(first.device, n, performer=first.performer, key="many"), start=100):
        case = make_case(campaign, exam, number, **columns)
        read(case, reader, 1, score=60 + number % 40, faults=["D-DX-001"])
