"""The sampling frame: what can be drawn for an organisation and period, with strata and risk.

Risk comes from what the platform judged: a failed criterion, an open finding, something left to a person (what lies
near a limit is left to one), or nothing that could be judged.  Margins to limits are not looked at: they lie inside
stored verdicts, and reading those for every exam of a month would cost more than the draw.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from imagingqc.stats.sampling import Unit
from yingheng.catalog.models import Exam, Report, Series
from yingheng.review.models import Campaign, Plan, SubjectKind
from yingheng.review.services.positioning import Finder
from yingheng.review.signers import signer_of, staff_of
from yingheng.review.spec import SamplingSpec
from yingheng.tenancy.models import Organisation

#: What makes a case riskier; twice the sum is drawn about twice as likely.
RISK_FAILED, RISK_FINDING, RISK_HUMAN, RISK_UNASSESSABLE = 4.0, 2.0, 2.0, 1.0
_COLUMNS = ("id", "hospital_id", "device_id", "performer_id", "item_id", "modality", "body_part", "item__body_part",
            "local_day", "outcome", "n_fail", "n_human", "n_findings")  # fmt: skip
_FINAL = (Report.State.FINAL, Report.State.CORRECTED)


class Subject(NamedTuple):
    """Something that can be drawn; `key` is the id of the exam or report, `performer` whose work it is."""

    key: str
    exam: UUID
    hospital: UUID
    device: UUID | None
    performer: UUID | None
    item: UUID | None
    modality: str
    body_part: str
    day: dt.date
    risk: float
    position: str = ""

    def stratum(self, strata: Sequence[str]) -> tuple[str, ...]:
        """Values of the named strata, from the outer to the inner one; "" where it has none."""
        return tuple(str(getattr(self, name) or "") for name in strata)


def subjects(
    organisation: Organisation, kind: str, sampling: SamplingSpec, days: tuple[dt.date, dt.date], *, is_demo: bool
) -> list[Subject]:
    """What can be drawn: of closed exams of patients on those local days (both included).  One query.

    Images are drawn only while their pixels are kept, reports in their newest final version, and these with who signs
    them as `performer` (one query more).  Demonstration data are never mixed with others.
    """
    if kind == SubjectKind.REPORT:
        return _report_subjects(_reports(organisation, sampling, days, is_demo=is_demo))
    rows = Exam.objects.filter(_wanted(organisation, sampling, days, is_demo=is_demo))
    if kind == SubjectKind.EXAM:
        rows = rows.filter(Exists(kept_series(OuterRef("pk"))))
    return sorted(_subject(row) for row in rows.values_list("pk", *_COLUMNS).iterator(chunk_size=5000))


def kept_series(exam: OuterRef) -> QuerySet[Series]:
    """Series of an exam whose images can be looked at."""
    return Series.objects.filter(exam=exam, pixels_gone_at__isnull=True, n_frames__gt=0)


def _report_subjects(rows: QuerySet[Report]) -> list[Subject]:
    """Reports with who signs them: a report is not the work of the technologist of its exam."""
    named = ("signers", "pk", *(f"exam__{name}" for name in _COLUMNS))
    told = [(signers, _subject(row)) for signers, *row in rows.values_list(*named).iterator(chunk_size=5000)]
    staff = staff_of(one.hospital for _signers, one in told)
    return sorted(one._replace(performer=signer_of(signers, staff.get(one.hospital, {}))) for signers, one in told)


def plan_subjects(plan: Plan, first_day: dt.date, last_day: dt.date) -> list[Subject]:
    """What the plan could draw of those days."""
    sampling = SamplingSpec.from_dict(plan.sampling)
    days = (first_day, last_day)
    found = subjects(plan.organisation, plan.subject_kind, sampling, days, is_demo=plan.is_demo)
    return _positioned(found) if "position" in sampling.strata else found


def campaign_subjects(campaign: Campaign) -> list[Subject]:
    """What could be drawn today for a sample, as its plan was when it was drawn."""
    sampling = SamplingSpec.from_dict(campaign.sampling)
    days = (campaign.first_day, campaign.last_day)
    kind, demo = campaign.subject_kind, campaign.is_demo
    found = subjects(campaign.organisation, kind, sampling, days, is_demo=demo)
    return _positioned(found) if "position" in sampling.strata else found


def _positioned(found: Sequence[Subject]) -> list[Subject]:
    """Subjects with the positions of their films: the headers of every series are read, so only where it is asked."""
    known = Finder().of_exams(one.exam for one in found)
    return [one._replace(position=known[one.exam].position) if one.exam in known else one for one in found]


def units(found: Sequence[Subject], strata: Sequence[str]) -> list[Unit]:
    """Subjects as the draw takes them."""
    return [Unit(one.key, one.stratum(strata), one.risk) for one in found]


def _reports(
    organisation: Organisation, sampling: SamplingSpec, days: tuple[dt.date, dt.date], *, is_demo: bool
) -> QuerySet[Report]:
    newer = Report.objects.filter(exam=OuterRef("exam"), version__gt=OuterRef("version"))
    wanted = _wanted(organisation, sampling, days, is_demo=is_demo, at="exam__")
    return Report.objects.filter(wanted, ~Exists(newer), state__in=_FINAL)


def _wanted(
    organisation: Organisation, sampling: SamplingSpec, days: tuple[dt.date, dt.date], *, is_demo: bool, at: str = ""
) -> Q:
    """The conditions on an exam; `at` leads to it."""
    asked: dict[str, Any] = {
        "hospital__path__startswith": organisation.path,
        "local_day__range": days,
        "state": Exam.State.CLOSED,
        "is_phantom": False,
        "is_demo": is_demo,
    }
    lists = {"modality__in": sampling.modalities, "device_id__in": sampling.devices, "item__code__in": sampling.items,
             "outcome__in": sampling.outcome}  # fmt: skip
    asked |= {name: list(values) for name, values in lists.items() if values}
    flags = {"is_contrast": sampling.contrast, "is_emergency": sampling.emergency}
    asked |= {name: value for name, value in flags.items() if value is not None}
    found = Q(**{f"{at}{name}": value for name, value in asked.items()})
    if sampling.body_parts:
        parts = list(sampling.body_parts)
        found &= Q(**{f"{at}item__body_part__in": parts}) | (
            (Q(**{f"{at}item": None}) | Q(**{f"{at}item__body_part": ""})) & Q(**{f"{at}body_part__in": parts})
        )
    return found


def _subject(row: Sequence[Any]) -> Subject:
    pk, exam, hospital, device, performer, item, modality, part, item_part, day, *judged = row
    return Subject(str(pk), exam, hospital, device, performer, item, modality, item_part or part, day, risk_of(*judged))


def risk_of(outcome: str, n_fail: int, n_human: int, n_findings: int) -> float:
    """The risk of an exam by what was judged of it; 0 for one that passed or was not judged."""
    return (
        RISK_FAILED * (n_fail > 0)
        + RISK_FINDING * (n_findings > 0)
        + RISK_HUMAN * (n_human > 0)
        + RISK_UNASSESSABLE * (outcome == "NOT_ASSESSABLE")
    )
