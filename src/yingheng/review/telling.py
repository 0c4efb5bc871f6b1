"""What a sample says of itself, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from imagingqc.errors import Reason
from yingheng.common.ui.parts import Tag
from yingheng.common.ui.words import language
from yingheng.review.models import Campaign, Plan
from yingheng.review.shown import part_text
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.review.summing import MINIMUM_N


def confidence_rows(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the sample can tell about everything it was drawn from; `told` as `confidence_of` gave it."""
    n, size = told["n"], told["size"]
    drawn = _("%(n)d of %(size)d, which is %(share).1f %%.") % {"n": n, "size": size, "share": 100 * n / size}
    rows = [(_("Drawn"), drawn)]
    if not told["covered"]:
        missing = _("Some could not have been drawn at all, so the sample does not speak for everything.")
        return [*rows, (_("Reach"), missing)]
    if n == size:
        return [*rows, (_("Reach"), _("Everything was drawn: results hold as they are, without an interval."))]
    if told["effective"] < n:
        worth = _("Not all had the same chance, so for the whole it is worth as much as %(n)d drawn simply.")
        rows.append((_("Worth"), worth % {"n": told["effective"]}))
    share = _(
        "A share found in it (films of grade A, say) holds for everything to within ± %(margin).1f points (95 %%)."
    )
    some = _("If 5 %% of everything were faulty, the sample would hold at least one of them with %(p)s.")
    none = _("If it holds nothing faulty, at most %(share).1f %% of everything is (95 %% sure).")
    return [
        *rows,
        (_("Shares"), share % {"margin": 100 * told["margin"]}),
        (_("Faults"), some % {"p": probability(told["detects"])}),
        (_("Nothing found"), none % {"share": 100 * told["unseen"]}),
    ]


def margin_text(told: Mapping[str, Any]) -> str:
    """The half width of a share in a few characters; "—" where there is none."""
    return f"± {100 * told['margin']:.1f} %" if "margin" in told else "—"


def probability(p: float) -> str:
    """A probability in percent; never rounded up to certainty."""
    return "> 99.9 %" if 0.999 < p < 1 else f"{100 * p:.1f} %"


def note_rows(draw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else is to be known about a draw: strata too small, quotas of devices without exams."""
    lang = language()
    found = [Reason(note["code"], note["values"]).text(lang) for note in draw.get("notes", ())]
    absent = draw.get("absent") or []
    if absent:
        n = len(absent)
        found.append(
            ngettext(
                "One quota names something that had nothing to draw.",
                "%(n)d quotas name something that had nothing to draw.",
                n,
            )
            % {"n": n}
        )
    return [(_("Note"), text) for text in found]


def amount_text(sampling: SamplingSpec) -> str:
    """How many a plan draws."""
    if sampling.share:
        return _("%(share)g %% of what there is") % {"share": 100 * sampling.share}
    if sampling.allocation == "all":
        return _("everything")
    if sampling.allocation == "quotas":
        return _("%(n)d by quotas") % {"n": sum(sampling.quotas.values())}
    return ngettext("%(n)d case", "%(n)d cases", sampling.size) % {"n": sampling.size}


def campaign_tag(row: Campaign) -> Tag:
    """Where a sample stands."""
    tones = {"drawn": "neutral", "reading": "accent", "published": "pass", "cancelled": "none"}
    return Tag(str(row.get_state_display()), tones[row.state])


def days_text(row: Campaign) -> str:
    """The days of a sample, the year once where it is the same."""
    first, last = row.first_day, row.last_day
    if first == last:
        return first.isoformat()
    return f"{first} – {last:%m-%d}" if first.year == last.year else f"{first} – {last}"


def every_text(plan: Plan) -> str:
    """How often a plan draws."""
    return str(plan.get_every_display())


def kind_text(key: str) -> str:
    """A kind of exam ("CT|CHEST") in words."""
    modality, _bar, part = key.partition("|")
    return " · ".join(filter(None, (modality, part_text(part)))) or _("not known")


def hospital_method(row: Campaign) -> list[tuple[str, str]]:
    """How hospitals are compared, in plain words."""
    reading = ReadingSpec.from_dict(row.reading)
    apart = _("Nobody read exams of a hospital that they belong to.")
    blind = _("Readers saw neither hospital nor device.")
    told = [*([apart] if reading.other_hospitals_only else []), *([blind] if reading.blind == "full" else [])]
    return [
        (
            _("Mean, excellent, waste"),
            _(
                "Weighted by 1 / chance of being drawn: they speak for all exams of the hospital in the period. "
                "Intervals of 95 percent: means by Student's t, shares by Wilson at the effective number."
            ),
        ),
        (
            _("With the common mix"),
            _(
                "Direct standardisation: every hospital is given the mix of the whole region by modality and body "
                "part, its cases of a kind weighted by 1 / chance. Left out where they cover less than four fifths of "
                "that mix."
            ),
        ),
        (
            pgettext("comparison", "Place"),
            _(
                "By the means with the common mix, only among hospitals with at least %(n)d cases. "
                "Where intervals overlap there is no place, only the range of places that is possible."
            )
            % {"n": MINIMUM_N},
        ),
        *([(_("Readers"), " ".join(told))] if told else []),
    ]
