"""A sample of film review in the world of the viewer's tests: three chest films and a CT, for wang to read."""

ORDER = (3, 4, 8, 1)  # the exams by accession VIEW-n, in the order of reading


def sample(hospital) -> None:
    """One campaign, its cases in that order.  Runs in the server's process."""
    from django.utils.timezone import now  # noqa: PLC0415 - Django starts first
    from tests.apps.review.making import give, make_campaign, reading  # noqa: PLC0415

    from yingheng.catalog.models import Exam  # noqa: PLC0415
    from yingheng.review.models import Campaign, Case  # noqa: PLC0415
    from yingheng.sheets.services import product_template  # noqa: PLC0415
    from yingheng.tenancy.models import User  # noqa: PLC0415

    reader = User.objects.get(username="wang")
    exams = [Exam.objects.get(hospital=hospital, accession=f"VIEW-{n}") for n in ORDER]
    for exam in exams:
        exam.local_day = exam.local_day or now().date()
    film, head = product_template(key="chest-pa"), product_template(key="ct")
    campaign = make_campaign(hospital, exams, film, reads=reading([reader], readers=1))
    Campaign.objects.update(title="一月胸片评片")
    Case.objects.filter(exam=exams[-1]).update(template=head)
    for case in campaign.cases.order_by("number"):
        give(case, reader)
    _reports(hospital, reader)


def _reports(hospital, reader) -> None:
    """Two reports of these exams to be audited, after the films."""
    from tests.apps.review.auditing import audit, make_order, make_version  # noqa: PLC0415

    from yingheng.catalog.models import Exam  # noqa: PLC0415
    from yingheng.review.models import Campaign  # noqa: PLC0415

    exams = [Exam.objects.get(hospital=hospital, accession=f"VIEW-{n}") for n in (3, 4)]
    for n, exam in enumerate(exams, start=1):
        make_order(exam)
        make_version(exam, findings=f"左肺上叶见 12 mm 结节，边缘毛刺。第{n}份，右肺未见异常。")
    campaign, _given, _reader = audit(hospital, "report", exams, reader=reader)
    Campaign.objects.filter(pk=campaign.pk).update(title="一月报告考核")
