"""Machine and readers: how automatic verdicts stand against what readers settled on, defect by defect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Section
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Tile
from yingheng.common.ui.words import language, number_text, quantity_text
from yingheng.review.faults import fault_text
from yingheng.review.models import AgreementReport
from yingheng.review.statistics.figures import reason_text
from yingheng.review.statistics.learned import PairOf, pair_list
from yingheng.review.views.common import report_refused
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import FINDING_VIEW, REVIEW_VIEW, STANDARD_EDIT

_LISTED = 36
_RATES = ("sensitivity", "specificity")
_OPS = {"<=": "≤", ">=": "≥", "<": "<", ">": ">", "abs<=": "± ≤"}


@page(REVIEW_VIEW)
@require_safe
def learning(request: HttpRequest) -> HttpResponse:
    """The newest stored comparison of an organisation, or the one that was chosen."""
    rows = AgreementReport.objects.filter(kind=AgreementReport.Kind.LEARNING).select_related("organisation")
    rows = request.scope.filter(rows, "organisation__path").defer("content").order_by("-month", "organisation__path")
    listed = list(rows[:_LISTED])
    chosen = next((one for one in listed if str(one.pk) == request.GET.get("report")), listed[0] if listed else None)
    options = [Option(str(one.pk), f"{one.month:%Y-%m} · {one.organisation.name}") for one in listed]
    content = AgreementReport.objects.values_list("content", flat=True).get(pk=chosen.pk) if chosen else None
    return DashboardPage(
        title=_("Machine and readers"),
        purpose=" · ".join(
            filter(
                None,
                (
                    f"{chosen.month:%Y-%m}" if chosen else "",
                    _("Automatic verdicts against blind results of the last twelve months. Nothing changes by itself."),
                ),
            )
        ),
        crumbs=[Link(_("Statistics of film review"), reverse("review:statistics"))],
        actions=_actions(request),
        alerts=[*report_refused(request, chosen), Alert(_about(), "neutral")],
        filters=FilterBar(
            (Filter("report", _("Report"), "select", str(chosen.pk) if chosen else "", options, _("newest")),)
        ),
        tiles=_tiles(content) if content else [],
        sections=_sections(request, content) if content else [_nothing()],
    ).response(request)


def _about() -> str:
    return _(
        "Readers did not see the measurements when they read, so their results are an independent check. Cases are "
        "weighted by the chance with which they were drawn; below 20 cases there is no figure. Decisions that people "
        "take on single verdicts are compared on the page “Calibration”."
    )


def _nothing() -> Section:
    text = _("The comparison is made by itself once a month with results is over.")
    return Section("", Empty(_("Nothing to compare yet"), text, "ruler-measure"))


def _actions(request: HttpRequest) -> list[Action]:
    found = []
    for permission, name, label, icon in (
        (FINDING_VIEW, "web:calibration", _("Calibration by decisions"), "scale"),
        (STANDARD_EDIT, "rulebook:list", _("Hospital rules"), "edit"),
    ):
        try:
            if scope_of(request, permission):
                found.append(Action(label, reverse(name), icon))
        except NoReverseMatch:  # another part of the product that this installation goes without
            continue
    return found


def _tiles(content: Mapping[str, Any]) -> list[Tile]:
    whole = content["whole"]
    refused = reason_text(whole["refused"], language()) if "refused" in whole else ""
    names = {
        "agreement": _("Exam: machine and readers agree"),
        "sensitivity": _("Of poor films the machine flags"),
        "specificity": _("Of sound films the machine passes"),
    }
    tiles = [
        Tile(question, _percent(whole.get(name)), unit="%", n=whole.get(name, {}).get("n", whole["n"]),
             note=refused or _between(whole.get(name)))
        for name, question in names.items()
    ]  # fmt: skip
    kappa = whole["kappa"]
    tiles.append(Tile(_("Kappa"), f"{kappa['value']:.2f}" if "value" in kappa else "—", n=kappa.get("n"),
                      note=_between(kappa, scale=1)))  # fmt: skip
    return tiles


def _percent(told: Mapping[str, Any] | None) -> str:
    return f"{100 * told['value']:.1f}" if told and "value" in told else "—"


def _between(told: Mapping[str, Any] | None, scale: float = 100) -> str:
    if not told:
        return ""
    if "reason" in told:
        return reason_text(told, language())
    if not told.get("interval"):
        return ""
    low, high = (scale * end for end in told["interval"])
    return f"{low:.2f} … {high:.2f}" if scale == 1 else f"{low:.1f} … {high:.1f} %"


def _sections(request: HttpRequest, content: Mapping[str, Any]) -> list[Section]:
    by_key = {one["key"]: one for one in content["pairs"]}
    known = [pair for pair in pair_list() if by_key.get(pair.key, {}).get("n")]
    told = sorted(known, key=lambda pair: -by_key[pair.key]["n"])
    table = Table(
        columns=(
            Column("what", _("Defect"), wide=True),
            Column("n", _("Cases"), align="right", nowrap=True),
            Column("sensitivity", _("Sensitivity"), align="right"),
            Column("specificity", _("Specificity"), align="right"),
            Column("kappa", _("Kappa"), align="right", phone=False),
        ),
        rows=[_row(pair, by_key[pair.key]) for pair in told],
        caption=_("By defect"),
        empty=Empty(_("No exam has both an automatic verdict and a result"), icon="ruler-measure"),
    )
    hint = _(
        "n: exams with an automatic verdict and a result. Flagged: failed, or a person is asked. "
        "Kappa is of the cases as they were drawn, without weights."
    )
    limits = [(pair, one) for pair in told for one in by_key[pair.key].get("limits", ())]
    return [Section(_("By defect"), table, flush=True, hint=hint), _limits(request, limits), _mapping()]


def _row(pair: PairOf, one: Mapping[str, Any]) -> Row:
    refused = reason_text(one["refused"], language()) if "refused" in one else ""
    cells: dict[str, Any] = {"what": Lines(_name(pair), refused), "n": one["n"]}
    for name in _RATES:
        cells[name] = Lines(f"{_percent(one[name])} %", _between(one[name])) if name in one else "—"
    kappa = one["kappa"]
    cells["kappa"] = Lines(f"{kappa['value']:.2f}", _between(kappa, 1)) if "value" in kappa else "—"
    return Row(cells, id=pair.key, tone="few" if refused else "")


def _name(pair: PairOf) -> str:
    return pair.en if language() == "en" else pair.zh


def _limits(request: HttpRequest, limits: list[tuple[PairOf, Mapping[str, Any]]]) -> Section:
    """Limits that readers' results suggest, beside those in force; each leads to a rule to be tried first."""
    may_write = bool(scope_of(request, STANDARD_EDIT))
    table = Table(
        columns=(
            Column("what", _("Quantity"), wide=True),
            Column("now", _("Limit in force"), align="right", nowrap=True),
            Column("best", _("Separates best"), align="right"),
            Column("wanted", _("Catches 95 % of the faulty"), align="right", phone=False),
            Column("area", _("Area under the curve"), align="right", phone=False),
        ),
        rows=[_limit(pair, one, linked=may_write) for pair, one in limits],
        caption=_("Limits that readers suggest"),
        empty=Empty(
            _("No limit to suggest yet"), _("A pair needs 20 cases, 5 of them faulty and 5 sound."), "ruler-measure"
        ),
    )
    hint = _(
        "Suggestions only: write the limit as a rule of the hospital, try it on stored exams, then publish it. "
        "What separates best is measured on cases that did not choose it, the other limit on those that did."
    )
    return Section(_("Limits that readers suggest"), table, flush=True, hint=hint)


def _limit(pair: PairOf, one: Mapping[str, Any], *, linked: bool) -> Row:
    name, why = quantity_text(one["quantity"]), reason_text(one, language())
    cells: dict[str, Any] = {"what": Lines(name[:1].upper() + name[1:], why or _name(pair))}
    if not why:
        cells |= {
            "now": f"{_OPS.get(one['op'], '')} {number_text(one['now'])}".strip(),
            "best": _suggested(one["youden"]),
            "wanted": _suggested(one["wanted"]) if one["wanted"] else Lines("—", _why(one.get("why"))),
            "area": Lines(f"{one['area']:.2f}", "{:.2f} … {:.2f}".format(*one["area_interval"])),
        }
    return Row(cells, url=_trial_url(one) if linked and not why else "", id=one["quantity"])


def _suggested(one: Mapping[str, Any]) -> Lines:
    low, high = one["interval"]
    told = _("%(low)s … %(high)s · catches %(caught)s, passes %(passed)s of the sound") % {
        "low": number_text(low), "high": number_text(high), "caught": _did(one, "sensitivity"),
        "passed": _did(one, "specificity"),
    }  # fmt: skip
    return Lines(number_text(one["limit"]), told)


def _did(one: Mapping[str, Any], name: str) -> str:
    """A rate with its interval; reports of before these were kept have none."""
    ends = one.get(f"{name}_interval")
    return f"{100 * one[name]:.0f} %" + (f" ({100 * ends[0]:.0f}–{100 * ends[1]:.0f})" if ends else "")


def _why(told: Mapping[str, Any] | None) -> str:
    return reason_text(told, language()) if told else ""


def _trial_url(one: Mapping[str, Any]) -> str:
    """Where the limit becomes a draft rule of the hospital, which is tried on stored exams before it is published."""
    try:
        return reverse("rulebook:confirm", args=[one["standard"], one["criterion"]])
    except (NoReverseMatch, KeyError):
        return ""


def _mapping() -> Section:
    rows, between = [], ", " if language() == "en" else "、"
    for pair in pair_list():
        quantities = between.join(quantity_text(one) for one in sorted(pair.quantities))
        defects = between.join(fault_text(one) for one in sorted(pair.defects))
        name = _name(pair)
        rows.append(Row({"name": name, "measured": quantities, "read": defects}, id=str(name)))
    title = _("What is held against what")
    table = Table(
        columns=(
            Column("name", _("Defect"), nowrap=True),
            Column("measured", _("Measured automatically"), roomy=True),
            Column("read", _("Named by readers"), roomy=True),
        ),
        rows=rows,
        caption=title,
    )
    return Section(title, table, flush=True, hint=_("default of this system"))
