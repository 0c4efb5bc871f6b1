"""The region of the demonstration: three more hospitals with a few films, and reviews of the QC centre.

Everything is made by the services that people's pages use.  The readings are simulated: what a demonstration account
says of a film follows from the fault that was planted in it.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from yingheng.audit.actor import Actor
from yingheng.cli.demo_exams import film_write, month_before

if TYPE_CHECKING:
    from yingheng.review.models import Assignment, Campaign
    from yingheng.tenancy.models import Organisation

_ACTOR = Actor("system:demo", "演示")
_SEED = "demo-regional-review"
_DONE, _RUNNING = "区域胸部 DR 评片（演示）", "区域胸部 DR 评片 第二期（演示）"
_PLACES = (("demo-h2", "演示第二医院"), ("demo-h3", "演示县医院"), ("demo-h4", "演示中医院"))
_PEOPLE = (
    ("chen", "陈专家（演示）", "radiologist", "demo-h2"),
    ("lin", "林专家（演示）", "radiologist", "demo-h3"),
    ("wu", "吴专家（演示）", "radiologist", "demo-h4"),
    ("lead", "市质控负责人（演示）", "regional_leader", "demo-city"),
)
#: Exposure index of the films of each hospital; what is far from 250 was exposed wrongly.
_FILMS = {"demo-h2": (250, 260, 240), "demo-h3": (90, 250, 80), "demo-h4": (250, 250, 820)}
_POOR = {"contrast.faults": ["under"]}
_STRICT = {"contrast.faults": ["under", "saturated"], "distortion.faults": ["centre"]}
_EXPERTS = ("li", "wang", "chen", "lin", "wu")


def region_exams(home: Path, password: str) -> None:
    """Three hospitals below the region of the demonstration, an expert of each, and their films; once."""
    from yingheng.cli.importing import import_folders, stored_or_said  # noqa: PLC0415 - after Django is set up
    from yingheng.common.clock import local_day  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation, User  # noqa: PLC0415
    from yingheng.tenancy.services import organisation_create, user_create  # noqa: PLC0415

    region = Organisation.objects.get(code="demo-city")
    for number, (code, name) in enumerate(_PLACES, start=2):
        place = Organisation.objects.filter(code=code).first() or organisation_create(
            actor=None, code=code, name=name, name_en=f"Demo hospital {number}", kind="hospital", parent=region,
            level="二级",
        )  # fmt: skip
        folders = films_write(home / "region", code, month_before(local_day(place.zone)))
        with stored_or_said():
            import_folders(place, tuple(folders), jobs=1, demo=True)
    known = set(User.objects.filter(username__in=[one[0] for one in _PEOPLE]).values_list("username", flat=True))
    for username, shown, role, code in _PEOPLE:
        if username not in known:
            place = Organisation.objects.get(code=code)
            user_create(
                actor=None, username=username, display_name=shown, organisation=place, role=role, password=password
            )


def films_write(folder: Path, code: str, month: dt.date) -> list[Path]:
    """The chest films of one hospital, each exam in a folder of its own; what is there stays."""
    from imagingqc.dicom.synthetic import Patient, Study  # noqa: PLC0415 - slow to import

    found = []
    for number, ei in enumerate(_FILMS[code], start=1):
        name, target = f"{code}-{number}", folder / f"{code}-{number}"
        found.append(target)
        if target.is_dir():
            continue
        study = Study(
            key=name, description="胸部正位DR", date=f"{month + dt.timedelta(days=6 * number):%Y%m%d}",
            accession=f"DEMO-R{code[-1]}{number:02d}", station=f"DEMO-DX-{code[-1]}", device=f"SN-{code.upper()}",
        )  # fmt: skip
        patient = Patient(name=f"DEMO^{name.upper()}", id=f"DEMO2{code[-1]}{number:02d}", sex="FM"[number % 2])
        film_write(ei, rows=256)(target, patient, study)
    return found


def regional_review() -> None:
    """Two samples of the region, once: one announced, one being read whose deadline was moved."""
    from django.db import transaction  # noqa: PLC0415 - after Django is set up

    from yingheng.review.models import Plan  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    region = Organisation.objects.get(code="demo-city")
    if Plan.objects.filter(organisation=region, name=_DONE).exists():
        return
    with transaction.atomic():  # all of it or nothing: an interrupted run begins anew
        _announced(region)
        _running(region)


def _announced(region: Organisation) -> None:
    """All chest films of the four hospitals, read twice by people of others, some by a third."""
    from yingheng.review.services.publishing import campaign_publish  # noqa: PLC0415 - after Django is set up

    campaign = _begun(region, _DONE, {"allocation": "all"}, _EXPERTS)
    for _round in range(2):  # what two differ in comes back as arbitration
        for row in _open(campaign):
            _read(row)
    campaign_publish(actor=_centre().actor, campaign=campaign, reason="演示：仲裁未完的不计入")


def _running(region: Organisation) -> None:
    """A small sample: half of it read, more time for everybody, and one expert relieved of what was left."""
    from yingheng.review.services.extending import deadline_extend  # noqa: PLC0415 - after Django is set up
    from yingheng.review.services.redistributing import reader_relieve  # noqa: PLC0415

    campaign = _begun(region, _RUNNING, {"size": 8, "minimum": 1}, _EXPERTS)
    for row in _open(campaign)[::2]:
        _read(row)
    centre = _centre()
    campaign.refresh_from_db()
    later = campaign.due_on + dt.timedelta(days=5)
    deadline_extend(actor=centre.actor, campaign=campaign, due_on=later, reason="演示：节日期间，顺延五天")
    left = [row.reader for row in _open(campaign) if row.reader.username in {"lin", "wu"}]
    if left:
        reader_relieve(actor=centre.actor, campaign=campaign, reader=left[0], reason="演示：病假")


def _centre():  # noqa: ANN202 - an account
    from yingheng.tenancy.models import User  # noqa: PLC0415 - after Django is set up

    return User.objects.get(username="region")


def _begun(region: Organisation, name: str, draw: dict[str, object], experts: tuple[str, ...]) -> Campaign:
    from yingheng.common.clock import local_day  # noqa: PLC0415 - after Django is set up
    from yingheng.review.periods import period_before  # noqa: PLC0415
    from yingheng.review.services.assigning import campaign_begin  # noqa: PLC0415
    from yingheng.review.services.drawing import campaign_draw  # noqa: PLC0415
    from yingheng.review.services.planning import PlanFields, plan_put  # noqa: PLC0415
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415
    from yingheng.tenancy.models import User  # noqa: PLC0415

    pool = tuple(str(pk) for pk in User.objects.filter(username__in=experts).values_list("pk", flat=True))
    sampling = SamplingSpec(strata=("hospital", "device"), modalities=("DX",), **draw)  # type: ignore[arg-type]
    reading = ReadingSpec(pool=pool, other_hospitals_only=True, blind="full")
    fields = PlanFields(name, "regional", "s004-film", "once", sampling, reading, is_demo=True)
    plan = plan_put(actor=_centre().actor, organisation=region, fields=fields)
    first, last = period_before("month", local_day(region.zone))
    campaign = campaign_draw(actor=_centre().actor, plan=plan, first_day=first, last_day=last, seed=_SEED)
    campaign_begin(actor=_centre().actor, campaign=campaign)
    return campaign


def _open(campaign: Campaign) -> list[Assignment]:
    from yingheng.review.models import Assignment  # noqa: PLC0415 - after Django is set up

    rows = Assignment.objects.filter(campaign=campaign, state="assigned").order_by("place", "reader__username")
    return list(rows.select_related("case__template__hospital", "case__exam", "campaign__organisation", "reader"))


def _read(row: Assignment) -> None:
    """What is said of a film: nothing of a good one; of a poor one what is seen, by one of them a little more."""
    from yingheng.cli.demo_review import read_as  # noqa: PLC0415 - after Django is set up

    poor = row.case.exam is not None and row.case.exam.n_fail > 0
    strict = poor and row.reader.username in {"lin", "wang"}
    read_as(row, dict(_STRICT if strict else _POOR) if poor else {})
