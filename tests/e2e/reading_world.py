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
