"""Parts of the page of a sampling plan."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.parts import Empty, Lines, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.review.models import Plan
from yingheng.review.naming import stratum_text
from yingheng.review.options import Options
from yingheng.review.services.planning import FITTING
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.review.telling import campaign_tag, days_text
from yingheng.tenancy.models import User

_SHOWN = 12


def plan_tag(row: Plan) -> Tag:
    """Whether it draws by itself."""
    return Tag(_("in force"), "pass", "check") if row.is_active else Tag(_("switched off"), "none")


def plan_details(row: Plan, sampling: SamplingSpec, reading: ReadingSpec, *, names: bool) -> list[tuple[str, object]]:
    """All that a plan says, in words; who reads by name only with `names`.  Two queries at most."""
    yes, no = _("yes"), _("no")
    within = [stratum_text(name, row.subject_kind) for name in sampling.strata]
    rules = [_("points by more than %(n)g") % {"n": reading.points_apart}]
    rules += [
        word for on, word in ((reading.by_grade, pgettext("reading", "grade")), (reading.by_veto, _("veto"))) if on
    ]
    return [
        (_("What is read"), row.get_subject_kind_display()),
        (_("Score sheet"), _sheets_text(row)),
        (_("Spread over"), " › ".join(within) or "—"),
        (_("At least of each"), sampling.minimum),
        (_("By risk"), f"{100 * sampling.risk_share:g} %"),
        (_("Only"), "、".join([*sampling.modalities, *sampling.body_parts, *sampling.outcome]) or "—"),
        (_("Shown again without saying so"), f"{100 * sampling.repeats:g} %"),
        (_("Cases with known answers in between"), sampling.known),
        (_("Who reads"), _people(reading.pool, names=names) or _("all who may")),
        (_("Who arbitrates"), _people(reading.arbiters, names=names) or _("a reader who has not read the case")),
        (_("Third reader when these differ"), "、".join(rules)),
        (_("Days for reading"), reading.days),
        (_("Days for appeals"), reading.appeal_days),
        (_("Nobody reads exams of their own hospital"), yes if reading.other_hospitals_only else no),
        (_("Only readers who passed the calibration read"), yes if reading.qualified_only else no),
        (_("Changed"), Lines(When(row.changed_at), row.changed_by_name)),
    ]


def _sheets_text(row: Plan) -> str:
    titles = dict(Options(row.organisation).sheets(language()))
    whole = _("the sheet that fits each case") if row.template == FITTING else titles.get(row.template, row.template)
    return "、".join([whole, *(f"{key}: {titles.get(name, name)}" for key, name in row.templates.items())])


def _people(ids: Sequence[str], *, names: bool) -> str:
    """Names of accounts, or how many they are."""
    if not ids or not names:
        return str(len(ids) or "")
    return "、".join(str(user) for user in User.objects.filter(pk__in=ids).order_by("display_name"))


def campaigns_section(row: Plan) -> Section:
    """The samples that were drawn by a plan, newest first."""
    found = list(row.campaigns.order_by("-first_day", "-pk")[:_SHOWN])
    return Section(
        _("Samples drawn"),
        Table(
            columns=(
                Column("days", pgettext("sample", "Days"), wide=True, nowrap=True),
                Column("n", _("Cases"), align="right"),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[
                Row(
                    {"days": days_text(one), "n": one.n_cases, "state": campaign_tag(one)},
                    url=reverse("review:campaign", args=[one.pk]),
                    id=str(one.pk),
                )
                for one in found
            ],
            caption=_("Samples drawn"),
            empty=Empty(_("Nothing drawn yet"), icon="stack-2"),
        ),
        flush=True,
    )
