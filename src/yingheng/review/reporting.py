"""The report of a campaign: what it came to by device, technologist and position, and the list of defects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.clock import now
from yingheng.common.errors import Conflict, NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.tiles import Rate
from yingheng.documents.access import subject_register
from yingheng.documents.builders import Builder, report_builder_register
from yingheng.documents.report.model import (
    LOCALES,
    Block,
    Column,
    Facts,
    Language,
    Report,
    Section,
    SignatureLine,
    Table,
    Text,
)
from yingheng.review.faults import fault_advice, fault_cause, fault_text
from yingheng.review.models import Campaign, Case, SubjectKind
from yingheng.review.results import is_open
from yingheng.review.services.appealing import SUBJECT as APPEAL
from yingheng.review.services.certifying import SUBJECT as CERTIFICATE
from yingheng.review.shown import grade_text, part_text
from yingheng.review.spec import ReadingSpec
from yingheng.review.statistics.unread import drawn_number
from yingheng.review.subjects import excellent_text, is_film, mean_text, person_text
from yingheng.review.summing import (
    MINIMUM_N,
    Summary,
    fault_counts,
    grade_counts,
    grouped,
    grouped_by,
    rate,
    result_rows,
    summary_of,
)
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import EXAM_VIEW, REVIEW_PLAN, REVIEW_VIEW
from yingheng.tenancy.scope import Scope

BUILDER = SUBJECT = "review_campaign"
_Rows = list[dict[str, Any]]
_BELOW = "\n"  # in tables the interval stands below its value: neither is torn apart


def register() -> None:
    """Let reports of campaigns be asked for, and files of appeals be opened by those who may see the exam."""
    subject_register(SUBJECT, view=REVIEW_VIEW)
    subject_register(APPEAL, view=EXAM_VIEW)
    subject_register(CERTIFICATE, view=REVIEW_PLAN)
    report_builder_register(Builder(BUILDER, SUBJECT, campaign_report))


def campaign_report(hospital: Organisation, key: str, lang: Language) -> Report:
    """The results of a campaign, of the cases of `hospital` and below; NotFound when it has none of them.

    Conflict while results are sealed.
    """
    found = Campaign.objects.select_related("organisation", "template")
    campaign = row_or_not_found(found, key, "review.campaign_unknown")
    if not is_open(campaign):
        raise Conflict("review.campaign_state")
    cases = Scope.of_organisation(hospital).filter(Case.objects.filter(campaign=campaign))
    rows = result_rows(cases)
    if not rows and not hospital.path.startswith(campaign.organisation.path):
        raise NotFound("review.campaign_unknown")
    with translation.override(LOCALES[lang]):
        return _report(hospital, campaign, rows, lang)


def _report(hospital: Organisation, campaign: Campaign, rows: _Rows, lang: Language) -> Report:
    spec = spec_of(campaign.template)
    best = spec.grades[0].key if spec.grades else ""
    total = summary_of(rows, best)
    kind = campaign.subject_kind
    groups = (("device", _("Device")), ("performer", person_text(kind)), ("body_part", _("Body part")))
    sections = [Section(_("Summary"), tuple(_summary(spec, rows, total, kind)))]
    if len({row["place"] for row in rows}) > 1:
        told = grouped_by(rows, lambda row: row["place"], best)
        sections.append(Section(_("By hospital"), (_groups(pgettext("case", "Hospital"), told, best, kind),)))
    for by, title in groups:
        heading = _("By %(what)s") % {"what": str(title).lower()}
        told = grouped(rows, by, best)
        if by == "body_part":
            told = [(part_text(code) if code else "", one) for code, one in told]
        sections.append(Section(heading, (_groups(title, told, best, kind),)))
    sections.append(Section(_("Defects"), (_defects(rows),)))
    sections.append(Section(_("Method"), tuple(_method(campaign))))
    return Report(
        title=_("Report of film review") if is_film(kind) else _("Report of an audit"),
        hospital=hospital.name if lang == "zh" else hospital.name_en or hospital.name,
        made_at=now().astimezone(ZoneInfo(hospital.zone)),
        subtitle=campaign.title,
        number=f"YH-R-{campaign.pk.hex[-8:].upper()}",
        facts=(
            (_("Period"), f"{campaign.first_day.isoformat()} – {campaign.last_day.isoformat()}"),
            (_("Score sheet"), f"{grade_title(spec)} v{spec.version}"),
            (_("Cases drawn"), str(drawn_number(campaign))),
            (_("Results"), str(total.n)),
        ),
        sections=tuple(sections),
        conclusion=_conclusion(total, kind),
        signatures=_signatures(hospital),
        foot=_("Yingheng"),
        digest=_digest(rows),
        demo=campaign.is_demo,
        lang=lang,
    )


def _signatures(place: Organisation) -> tuple[SignatureLine, ...]:
    """Who signs: of a hospital its department, of a region its quality-control centre."""
    if place.kind != Organisation.Kind.HOSPITAL:
        centre = (pgettext("signature", "Prepared by"), pgettext("signature", "Head of the quality-control centre"))
        return tuple(SignatureLine(role) for role in centre)
    own = (pgettext("signature", "Quality officer"), pgettext("signature", "Head of department"))
    return tuple(SignatureLine(role) for role in own)


def grade_title(spec: Spec) -> str:
    """What the score sheet is called."""
    return spec.title.en if (translation.get_language() or "").startswith("en") and spec.title.en else spec.title.zh


def _summary(spec: Spec, rows: _Rows, total: Summary, kind: str) -> list[Block]:
    facts = [(mean_text(kind), _mean(total)), (excellent_text(kind), _share(total.excellent))]
    if is_film(kind):
        facts.append((_("Waste"), _share(total.waste)))
    elif kind == SubjectKind.REPORT:
        facts.append((_("Report conformity (national indicator 3; of the reports drawn)"), _share(total.conform)))
    facts.append((_("Causes to trace"), str(total.n_trace)))
    blocks: list[Block] = [Facts(tuple(facts))]
    if spec.grades:
        counts = grade_counts(rows)
        n = sum(counts.values())
        columns = (Column(_("Grade"), 1), Column(_("Cases"), 1, "right"), Column(_("Share"), 3))
        told = tuple((grade_text(spec, s.key), str(counts[s.key]), _share(rate(counts[s.key], n))) for s in spec.grades)
        blocks.append(Table(columns, told))
    return blocks


def _groups(title: str, told: Sequence[tuple[str, Summary]], best: str, kind: str) -> Table:
    columns = [Column(title, 3), Column(_("Cases"), 0.7, "right"), Column(mean_text(kind), 1.5, "right"),
               Column(excellent_text(kind), 1.5, "right"), *_last_column(kind)]  # fmt: skip
    if best:
        columns.insert(3, Column(_("Best grade"), 1.5, "right"))
    rows = []
    for name, one in told:
        few = "*" if one.n < MINIMUM_N else ""
        row = [
            (name or _("not known")) + few,
            str(one.n),
            _mean(one, _BELOW),
            _share(one.excellent, _BELOW),
            *_last(one, kind),
        ]
        if best:
            row.insert(3, _share(one.best, _BELOW))
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows), _("No result yet"))


def _last_column(kind: str) -> list[Column]:
    """Of films waste, of reports conformity."""
    if is_film(kind):
        return [Column(_("Waste"), 1.5, "right")]
    return [Column(_("Conform"), 1.5, "right")] if kind == SubjectKind.REPORT else []


def _last(one: Summary, kind: str) -> list[str]:
    if is_film(kind):
        return [_share(one.waste, _BELOW)]
    return [_share(one.conform, _BELOW)] if kind == SubjectKind.REPORT else []


def _defects(rows: _Rows) -> Table:
    columns = (
        Column(_("Defect"), 2.5),
        Column(_("Cases"), 0.7, "right"),
        Column(_("Mostly from"), 1),
        Column(_("Advice"), 3),
    )
    told = [(fault_text(code), str(n), fault_cause(code), fault_advice(code)) for code, n in fault_counts(rows)]
    return Table(columns, tuple(told), _("No defect was named"))


def _method(campaign: Campaign) -> list[Block]:
    rules = ReadingSpec.from_dict(campaign.reading)
    told = [
        _("Drawn from %(n)s exams with the seed %(seed)s; the draw can be run again.")
        % {"n": campaign.n_frame, "seed": campaign.seed},
        _("Every case was read by %(n)s; results differing by more than %(points)g points went to arbitration.")
        % {"n": rules.readers, "points": rules.points_apart}
        if rules.readers > 1
        else _("Every case was read by one reader."),
        _("Intervals are of 95 %% (shares: Wilson; means: Student's t). Groups of fewer than %(n)s cases carry a *.")
        % {"n": MINIMUM_N},
        _("Cases shown again and cases with known answers do not count."),
    ]
    return [Text(one) for one in told]


def _mean(one: Summary, apart: str = " ") -> str:
    if one.mean is None:
        return ""
    interval = one.mean_interval
    return f"{one.mean:.1f}" + (f"{apart}({interval[0]:.1f}–{interval[1]:.1f})" if interval else "")


def _share(one: Rate, apart: str = " ") -> str:
    return f"{one.text} %{apart}({one.between})" if one.denominator and one.interval is not None else ""


def _conclusion(total: Summary, kind: str) -> str:
    """Numbers alone: what they mean is for the people who sign."""
    if not is_film(kind):
        return _audited(total, kind)
    told = {
        "n": total.n,
        "mean": _mean(total) or "—",
        "excellent": _share(total.excellent) or "—",
        "waste": _share(total.waste) or "—",
        "trace": total.n_trace,
    }
    words = _(
        "%(n)s results: mean score %(mean)s, excellent %(excellent)s, waste %(waste)s; %(trace)s causes to trace."
    )
    return words % told


def _audited(total: Summary, kind: str) -> str:
    words = _("%(n)s results: %(what)s %(mean)s; %(trace)s causes to trace.") % {
        "n": total.n, "what": mean_text(kind).lower(), "mean": _mean(total) or "—", "trace": total.n_trace,
    }  # fmt: skip
    if kind != SubjectKind.REPORT:
        return words
    return words + " " + _("Report conformity: %(share)s.") % {"share": _share(total.conform) or "—"}


def _digest(rows: _Rows) -> str:
    told = [[str(r["case_id"]), r["score"], r["grade"], r["faults"]] for r in rows]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
