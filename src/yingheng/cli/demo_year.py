"""Earlier months of the demonstration: announced samples of films and reports whose images are not kept any more.

Written as rows and not read by anybody: what stands here is what stays of months that are long over, so that pages of a
year, of people and of positions have something to show.  Plans and samples are marked as demonstration; the cells are
counted from the rulings as everywhere, and counting them again comes to the same.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from yingheng.cli.demo_exams import month_before
from yingheng.cli.demo_review import _known, _plan

if TYPE_CHECKING:
    from yingheng.registry.models import Person
    from yingheng.review.models import Campaign, Case, Ruling
    from yingheng.tenancy.models import Organisation

MONTHS, FILMS, REPORTS = 9, 36, 32
_FILM_PLAN, _REPORT_PLAN = "往月评片（演示）", "往季报告质量考核（演示）"
_SEED = "demo-earlier-months"
_POSITIONS = (("CH-PA", "CHEST", 0.5), ("CH-LL", "CHEST", 0.25), ("UE-WR-PA", "WRIST", 0.25))
_FAULTS = ("D-DX-011", "D-DX-013", "D-DX-018")
_REPORT_FAULTS = ("RD-09", "RD-18", "RD-29")
_HARD = {"CH-LL": 0.16, "UE-WR-PA": 0.02}  # how much more often a position goes wrong


class Found(NamedTuple):
    """What readers would have settled."""

    score: float
    grade: str
    faults: tuple[str, ...]
    flags: Mapping[str, bool]


def earlier_months(code: str) -> None:
    """Samples of the nine months before that of the sample exams, and an audit of reports, once."""
    from django.db import transaction  # noqa: PLC0415 - after Django is set up

    from yingheng.common.clock import local_day  # noqa: PLC0415
    from yingheng.registry.models import Device, Person  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if _known(hospital, _FILM_PLAN):
        return
    people = {one.staff_number: one for one in Person.objects.filter(hospital=hospital)}
    makers = [people[number] for number in ("DEMO-T1", "DEMO-T2") if number in people]
    signers = [people[number] for number in ("DEMO-R1", "DEMO-R2") if number in people]
    device = Device.objects.filter(hospital=hospital, modality="DX").order_by("pk").first()
    if not makers or device is None:
        return
    months = [month_before(local_day(hospital.zone))]
    for _month in range(MONTHS):
        months.insert(0, month_before(months[0]))
    chance = random.Random(_SEED)  # noqa: S311 - figures of a demonstration
    with transaction.atomic():
        _films(hospital, months[:-1], makers, device.pk, chance)
        if signers:
            _reports(hospital, months[-4], signers, chance)


def _films(
    hospital: Organisation, months: Sequence[dt.date], makers: Sequence[Person], device: UUID, chance: random.Random
) -> None:
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415 - after Django is set up

    sampling, reading = SamplingSpec(size=FILMS, strata=("device",), modalities=("DX",)), ReadingSpec()
    plan = _plan(hospital, _FILM_PLAN, ("monthly", "s004-film", "once"), sampling, reading)
    for n, month in enumerate(months):
        rows = []
        for number in range(1, FILMS + 1):
            maker = chance.randrange(len(makers))
            position, part, _share = chance.choices(_POSITIONS, [one[2] for one in _POSITIONS])[0]
            found = _film(chance, 0.56 - 0.03 * n + 0.08 * maker + _HARD.get(position, 0.0))
            more = {"performer": makers[maker], "device_id": device, "modality": "DX", "body_part": part,
                    "position": position}  # fmt: skip
            rows.append((number, month + dt.timedelta(days=chance.randrange(28)), found, more))
        _write(_campaign(plan, month), rows)


def _film(chance: random.Random, poor: float) -> Found:
    """A film that has a fault with the chance `poor`; two and more with its square, seldom it is waste."""
    draw = chance.random()
    if draw > poor:
        return Found(100.0, "a", (), {"excellent": True, "trace": False, "waste": False})
    if draw < 0.012:
        return Found(52.0, "waste", _FAULTS[:1], {"excellent": False, "trace": True, "waste": True})
    if draw > poor * poor * 0.6:
        fault = chance.choice(_FAULTS)
        return Found(
            float(chance.randint(87, 94)), "b", (fault,), dict.fromkeys(("excellent", "trace", "waste"), False)
        )
    score = float(chance.randint(76, 86))
    return Found(score, "c", _FAULTS[:2], {"excellent": False, "trace": score < 80, "waste": False})


def _reports(hospital: Organisation, month: dt.date, signers: Sequence[Person], chance: random.Random) -> None:
    from yingheng.cli.demo_review import _ACTOR  # noqa: PLC0415
    from yingheng.review.services.planning import PlanFields, plan_put  # noqa: PLC0415
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415 - after Django is set up

    sampling = SamplingSpec(size=REPORTS, strata=("performer",))
    fields = PlanFields(_REPORT_PLAN, "audit", "report-audit", "once", sampling, ReadingSpec(), subject_kind="report",
                        is_demo=True)  # fmt: skip
    plan = plan_put(actor=_ACTOR, organisation=hospital, fields=fields)
    rows = []
    for number in range(1, REPORTS + 1):
        poor = chance.random() < 0.2
        score = float(chance.randint(78, 89) if poor else chance.randint(92, 100))
        flags = {"excellent": score >= 95, "trace": False}
        grade = "a" if score >= 90 else "b"
        found = Found(score, grade, (chance.choice(_REPORT_FAULTS),) if poor else (), flags)
        more = {"performer": chance.choice(signers), "modality": chance.choice(("CT", "MR")), "body_part": "CHEST",
                "conform": not poor}  # fmt: skip
        rows.append((number, month + dt.timedelta(days=chance.randrange(28)), found, more))
    _write(_campaign(plan, month), rows)


def _campaign(plan: Any, month: dt.date) -> Campaign:
    from yingheng.review.models import Campaign  # noqa: PLC0415 - after Django is set up
    from yingheng.review.services.drawing import campaign_of  # noqa: PLC0415

    last = (month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    n = REPORTS if plan.subject_kind == "report" else FILMS
    row = campaign_of(plan, (month, last), seed=_SEED, frame_digest="", n_frame=12 * n, due_on=last, draw={},
                      drawn_by_name="演示")  # fmt: skip
    row.n_cases = row.n_settled = n
    row.state, row.published_by_name = Campaign.State.PUBLISHED, "演示"
    row.drawn_at, row.published_at = _moment(last), _moment(last + dt.timedelta(days=6))
    row.save()
    return row


def _moment(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(8), tzinfo=dt.UTC)


def _write(campaign: Campaign, rows: Sequence[tuple[int, dt.date, Found, dict[str, Any]]]) -> None:
    """Cases, what was ruled of each, and their cells."""
    from yingheng.review.models import Case, Ruling  # noqa: PLC0415 - after Django is set up
    from yingheng.review.services.counting import ruling_cells  # noqa: PLC0415
    from yingheng.rollups.services import cells_change  # noqa: PLC0415

    made = [_ruled(campaign, *row) for row in rows]
    Case.objects.bulk_create([case for case, _ruling in made])
    Ruling.objects.bulk_create([ruling for _case, ruling in made])
    cells_change(added=[cell for case, ruling in made for cell in ruling_cells(case, ruling)])


def _ruled(campaign: Campaign, number: int, day: dt.date, found: Found, told: dict[str, Any]) -> tuple[Case, Ruling]:
    from yingheng.common.ids import uuid7  # noqa: PLC0415 - after Django is set up
    from yingheng.review.models import Case, Ruling  # noqa: PLC0415

    more = dict(told)
    conform = {"conform": more.pop("conform")} if "conform" in more else {}
    case = Case(
        campaign=campaign, hospital=campaign.organisation, subject_id=uuid7(), template=campaign.template,
        local_day=day, number=number, origin="drawn", reason="random", p=campaign.n_cases / campaign.n_frame,
        state="settled", score=found.score, grade=found.grade, settled_at=campaign.drawn_at, counted=1,
        position_why="view" if more.get("position") else "", **more,
    )  # fmt: skip
    ruling = Ruling(
        case=case, hospital=campaign.organisation, version=1, basis="agreement", score=found.score, grade=found.grade,
        faults=list(found.faults), details={"flags": dict(found.flags), **conform}, made_at=campaign.drawn_at,
    )  # fmt: skip
    return case, ruling
