"""Film review of the demonstration: plans, samples that made-up readers have read, and what followed.

Everything is made by the services that people's pages use.  The readings are simulated: what each demonstration
account says of an exam follows from the fault that was planted in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from yingheng.audit.actor import Actor
from yingheng.cli.demo_exams import SCENES, Scene, film_write, head_mr_write
from yingheng.cli.demo_staff import operator_of

if TYPE_CHECKING:
    from yingheng.review.models import Assignment, Campaign, Plan
    from yingheng.tenancy.models import Organisation, User

Typed = dict[str, str | list[str]]
_ACTOR = Actor("system:demo", "演示")
_SEED = "demo-film-review"
_DAILY, _MONTHLY, _TOPIC = "每日评片（演示）", "每月双人盲评（演示）", "胸部 DR 专项评片（演示）"
_LEFT_OPEN = {"wang": 2, "zhang": 2}  # cases of the monthly sample that wait for whoever looks at the demonstration
#: What a reader ticks on an exam, by scene; nothing of the others.
_SEEN: Mapping[str, Typed] = {
    "ct-chest-missing": {"parameters.faults": ["thickness"], "coverage.faults": ["short"]},
    "ct-chest-matrix": {"parameters.faults": ["matrix"]},
    "mr-head-no-dwi": {"series.faults": ["one"], "request.faults": ["protocol"]},
    "mr-head-no-t2": {"series.faults": ["one"], "request.faults": ["protocol"]},
    "dx-chest-over": {"contrast.faults": ["saturated"], "distortion.faults": ["centre"]},
    "dx-chest-under": {"contrast.faults": ["under"]},
    "dx-chest-clipped": {"contrast.faults": ["display"]},
}
#: What the second reader of the chest films ticks instead: a few points apart, of the same grade.
_OTHER: Mapping[str, Typed] = {
    "dx-chest-under": {"contrast.faults": ["fog"]},
    "dx-chest-clipped": {"contrast.faults": ["over"]},
}
#: What the stricter of two readers adds to one CT or MR exam: enough for a third to decide.
_STRICT: Typed = {"coverage.faults": ["short"], "artefact.faults": ["moved"]}
_SLIGHT: Typed = {"sharpness.faults": ["blur"]}  # what readers differ in without needing a third
_RECENT = (
    (1, Scene("yesterday-chest", film_write(250, rows=512), ())),
    (1, Scene("yesterday-chest-under", film_write(90, rows=512), ())),
    (0, Scene("today-chest", film_write(250), ())),
    (0, Scene("today-chest-over", film_write(800), ())),
    (0, Scene("today-head", head_mr_write(rows=128), ())),
)


def daily_review(home: Path, code: str) -> None:
    """A plan for the daily review, then exams of yesterday and today, which it takes as they are judged.  Once."""
    from yingheng.cli.importing import import_folders, stored_or_said  # noqa: PLC0415 - after Django is set up
    from yingheng.common.clock import local_day  # noqa: PLC0415
    from yingheng.review.services.planning import PlanFields, plan_put  # noqa: PLC0415
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if not _known(hospital, _DAILY):
        sampling = SamplingSpec(allocation="all", strata=())
        reading = ReadingSpec(readers=1, blind="open", days=1)
        fields = PlanFields(_DAILY, "daily", "daily-grade", "day", sampling, reading, is_demo=True)
        plan_put(actor=_ACTOR, organisation=hospital, fields=fields)
        with stored_or_said():
            import_folders(hospital, tuple(recent_write(home / "recent", local_day(hospital.zone))), jobs=2, demo=True)


def recent_write(folder: Path, today: dt.date) -> list[Path]:
    """Exams of yesterday and of today, each in a folder of its own."""
    from imagingqc.dicom.synthetic import Patient, Study  # noqa: PLC0415 - slow to import

    folders = []
    for number, (ago, scene) in enumerate(_RECENT, start=1):
        day = f"{today - dt.timedelta(days=ago):%Y%m%d}"
        kind = "MR" if scene.name.endswith("head") else "DX"
        study = Study(
            key=f"demo-{scene.name}-{day}", description="颅脑MR平扫" if kind == "MR" else "胸部正位DR", date=day,
            time=f"000{number}00", accession=f"DEMO-D{day[4:]}{number}", station=f"DEMO-{kind}-1",
            device=f"SN-DEMO-{kind}-1", operator=operator_of(scene.name),
        )  # fmt: skip
        name = f"DEMO^{scene.name.upper()}"
        scene.write(folder / scene.name, Patient(name=name, id=f"DEMO1{number:03d}", sex="FM"[number % 2]), study)
        folders.append(folder / scene.name)
    return folders


def film_review(code: str) -> None:
    """Samples of the month of the sample exams, once: one announced, one being read; yesterday's review is signed."""
    from django.db import transaction  # noqa: PLC0415 - after Django is set up

    from yingheng.review.services.agreeing import agreements_due  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if _known(hospital, _TOPIC):
        return
    with transaction.atomic():  # all of it or nothing: an interrupted run begins anew
        _topic(hospital)
        _monthly(hospital)
        _yesterday(hospital)
        agreements_due()


def _topic(hospital: Organisation) -> None:
    """All chest films, read twice, announced; one is to be traced, and its technologist objects to another."""
    from yingheng.review.models import Case  # noqa: PLC0415 - after Django is set up
    from yingheng.review.services.appealing import appeal_file  # noqa: PLC0415
    from yingheng.review.services.publishing import campaign_publish  # noqa: PLC0415
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415

    people = _people("li", "wang", "zhang", "zhao")
    sampling = SamplingSpec(allocation="all", strata=(), modalities=("DX",))
    reading = ReadingSpec(pool=_ids(people, "li", "wang"), arbiters=_ids(people, "zhao"))
    plan = _plan(hospital, _TOPIC, ("special", "s004-film", "once"), sampling, reading)
    campaign = _drawn(plan)
    for row in _given(campaign):
        found = _OTHER if row.reader.username == "wang" else _SEEN
        read_as(row, found.get(_scene(row), _SEEN.get(_scene(row), {})))
    campaign_publish(actor=people["wang"].actor, campaign=campaign)
    cases = {case.exam.accession: case for case in Case.objects.select_related("exam").filter(campaign=campaign)}
    objected = cases[_accession("dx-chest-under")]
    appeal_file(
        user=people["zhang"], case=objected, reason="演示：患者体型较大，按床旁条件曝光，噪声不影响诊断，请复核等级。"
    )


def _monthly(hospital: Organisation) -> None:
    """A sample of CT and MR read blind by two: some settled, one in arbitration, some left to be read."""
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415 - after Django is set up

    people = _people("li", "wang", "zhang", "zhao")
    sampling = SamplingSpec(size=8, strata=("device",), modalities=("CT", "MR"), repeats=0.125)
    pool = _ids(people, "li", "wang", "zhang")
    reading = ReadingSpec(pool=pool, arbiters=_ids(people, "wang", "zhao"))
    sheets = {"CT": "ct", "MR": "mr"}
    plan = _plan(hospital, _MONTHLY, ("monthly", "s000-four-dimensions", "month"), sampling, reading, sheets)
    rows = _given(_drawn(plan))
    open_ = _left_open(rows)
    ready = [row for row in rows if row.pk not in open_]
    first = _differing(ready)
    for row in ready:
        seen = _SEEN.get(_scene(row), {})
        strict = row.pk == first
        read_as(row, _STRICT if strict else seen | _SLIGHT if row.reader.username == "zhang" else seen)


def _yesterday(hospital: Organisation) -> None:
    """The head reads what came yesterday, and signs for the day."""
    from yingheng.common.clock import local_day  # noqa: PLC0415 - after Django is set up
    from yingheng.review.models import Campaign  # noqa: PLC0415
    from yingheng.review.services.daily import day_begin, day_sign  # noqa: PLC0415

    day = local_day(hospital.zone) - dt.timedelta(days=1)
    campaign = Campaign.objects.filter(organisation=hospital, purpose="daily", first_day=day, state="reading").first()
    if campaign is None:
        return
    head = _people("zhao")["zhao"]
    day_begin(user=head, campaign=campaign)
    for row in _given(campaign):
        poor = row.case.exam is not None and row.case.exam.outcome == "FAIL"
        read_as(row, {"grade": "b", "reasons.faults": ["exposure"]} if poor else {"grade": "a"})
    day_sign(
        user=head,
        campaign=campaign,
        participants=[head.display_name, "王质控（演示）"],
        note="演示：曝光不足一例，已提醒。",
    )


def _left_open(rows: Iterable[Assignment]) -> set[object]:
    """The last cases of those who shall find some to read."""
    found: set[object] = set()
    for name, n in _LEFT_OPEN.items():
        own = [row for row in rows if row.reader.username == name and row.case.repeat_of_id is None]
        found |= {row.pk for row in own[-n:]}
    return found


def _differing(rows: Iterable[Assignment]) -> object:
    """The first reading of a case that both readers have read and nothing is planted in."""
    both: dict[object, list[Assignment]] = {}
    for row in rows:
        if row.case.repeat_of_id is None:
            both.setdefault(row.case_id, []).append(row)
    read_twice = sorted((own for own in both.values() if len(own) == 2), key=lambda own: _scene(own[0]) in _SEEN)
    return read_twice[0][0].pk if read_twice else None


def read_as(row: Assignment, ticked: Typed) -> None:
    """Open a case and submit its sheet, as the reading room does."""
    from yingheng.review.services.reading import assignment_open  # noqa: PLC0415 - after Django is set up
    from yingheng.review.sheet_subject import OCCASION, subject_of  # noqa: PLC0415
    from yingheng.sheets.answers import FAULTS, shown_keys  # noqa: PLC0415
    from yingheng.sheets.judging import Basis  # noqa: PLC0415
    from yingheng.sheets.selectors import spec_of  # noqa: PLC0415
    from yingheng.sheets.services import response_begin, response_submit  # noqa: PLC0415

    actor = row.reader.actor
    assignment_open(reader=row.reader, assignment=row)
    response = response_begin(actor=actor, template=row.case.template, subject=subject_of(row), occasion=OCCASION)
    spec = spec_of(row.case.template)
    asked = [item for item in spec.items() if item.key in shown_keys(spec, ticked) and item.type == "score"]
    looked_at = {item.key: "seen" for item in asked if item.required and item.key + FAULTS not in ticked}
    response_submit(actor=actor, response=response, typed={**looked_at, **ticked}, basis=Basis())


def _drawn(plan: Plan) -> Campaign:
    from yingheng.review.services.assigning import campaign_begin  # noqa: PLC0415 - after Django is set up
    from yingheng.review.services.drawing import campaign_draw  # noqa: PLC0415

    first, last = _month(plan.organisation)
    campaign = campaign_draw(actor=_ACTOR, plan=plan, first_day=first, last_day=last, seed=_SEED)
    campaign_begin(actor=_ACTOR, campaign=campaign)
    return campaign


def _month(hospital: Organisation) -> tuple[dt.date, dt.date]:
    """First and last day of the month in which the sample exams were made."""
    from yingheng.catalog.models import Exam  # noqa: PLC0415 - after Django is set up

    made = Exam.objects.filter(hospital=hospital, accession=_accession(SCENES[0].name)).values_list("local_day")
    first = made.get()[0].replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def _given(campaign: Campaign) -> list[Assignment]:
    from yingheng.review.models import Assignment  # noqa: PLC0415 - after Django is set up

    rows = Assignment.objects.filter(campaign=campaign).order_by("place", "reader__username")
    return list(rows.select_related("case__template__hospital", "case__exam", "campaign__organisation", "reader"))


def _plan(hospital: Organisation, name: str, words: tuple[str, str, str], sampling: object, reading: object,
          sheets: Mapping[str, str] | None = None) -> Plan:  # fmt: skip
    """A plan by its purpose, score sheet and period."""
    from yingheng.review.services.planning import PlanFields, plan_put  # noqa: PLC0415 - after Django is set up

    fields = PlanFields(name, *words, sampling, reading, templates=sheets or {}, is_demo=True)  # type: ignore[arg-type]
    return plan_put(actor=_ACTOR, organisation=hospital, fields=fields)


def _known(hospital: Organisation, name: str) -> bool:
    from yingheng.review.models import Plan  # noqa: PLC0415 - after Django is set up

    return Plan.objects.filter(organisation=hospital, name=name).exists()


def _accession(name: str) -> str:
    """The accession number of a sample exam (see `demo_exams.scene_write`)."""
    return f"DEMO-A{[scene.name for scene in SCENES].index(name) + 1:04d}"


def _scene(row: Assignment) -> str:
    """The name of the sample exam that a case shows; "" for none of them."""
    names = {_accession(scene.name): scene.name for scene in SCENES}
    return names.get(row.case.exam.accession, "") if row.case.exam is not None else ""


def _people(*names: str) -> dict[str, User]:
    from yingheng.tenancy.models import User  # noqa: PLC0415 - after Django is set up

    return {user.username: user for user in User.objects.filter(username__in=names)}


def _ids(people: Mapping[str, User], *names: str) -> tuple[str, ...]:
    return tuple(str(people[name].pk) for name in names)
