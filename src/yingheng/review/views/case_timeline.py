"""What happened to a case, as a timeline."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yingheng.common.ui.parts import Timeline, TimelineEntry
from yingheng.review.models import Appeal, Case, Ruling, Tracing
from yingheng.review.shown import exam_text, grade_tag, score_text
from yingheng.sheets.selectors import spec_of


def case_timeline(case: Case, rulings: list[Ruling], appeals: list[Appeal], tracing: Tracing | None) -> Timeline:
    """What happened to a case, newest first, without names of readers."""
    spec = spec_of(case.template)
    found = [
        TimelineEntry(case.campaign.drawn_at, _("drawn"), kind="draw", kind_label=_("draw"), detail=exam_text(case))
    ]
    if case.campaign.published_at and rulings:
        found.append(
            TimelineEntry(case.campaign.published_at, _("results announced"), kind="draw", kind_label=_("draw"))
        )
    for one in rulings:
        tag = grade_tag(spec, one.grade)
        told = " · ".join(filter(None, (score_text(one.score), tag.text if tag else "")))
        text = f"{one.get_basis_display()}: {told}"
        found.append(TimelineEntry(one.made_at, text, one.actor_name, "ruling", _("result"), detail=one.reason))
    for appeal in appeals:
        text = _("appeal of level %(n)s filed") % {"n": appeal.level}
        found.append(TimelineEntry(appeal.filed_at, text, appeal.filed_by_name, "appeal", _("appeal")))
        if appeal.decided_at:
            decided = str(appeal.get_state_display())
            found.append(
                TimelineEntry(appeal.decided_at, decided, appeal.decided_by_name, "appeal", _("appeal"),
                              detail=appeal.decision_reason)
            )  # fmt: skip
    if tracing is not None:
        found.append(TimelineEntry(tracing.opened_at, _("cause tracing opened"), kind="trace", kind_label=_("tracing")))
        if tracing.closed_at:
            text = str(tracing.get_state_display())
            who = tracing.verified_by_name
            found.append(
                TimelineEntry(tracing.closed_at, text, who, "trace", _("tracing"), detail=tracing.closing_reason)
            )
    return Timeline(sorted(found, key=lambda entry: entry.at, reverse=True))
