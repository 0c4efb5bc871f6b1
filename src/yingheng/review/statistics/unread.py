"""What of a sample was not read after all, and what of the frame could not be drawn: neither is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from imagingqc.errors import Reason
from yingheng.review.models import Campaign, Case
from yingheng.review.results import REAL_CASES


def stratum_key(stratum: object) -> str:
    """A stratum of a case as the name that figures know it by."""
    return "|".join(map(str, stratum)) if isinstance(stratum, (list, tuple)) else ""


def read_parts(campaign: Campaign) -> Mapping[str, float]:
    """`parts_of` the cases of a campaign; those put in for another stand for it.  One query."""
    rows = Case.objects.filter(REAL_CASES, campaign=campaign, p__isnull=False, replaced_by__isnull=True)
    return parts_of(rows.order_by().values_list("stratum", "state"))


def parts_of(cases: Iterable[tuple[object, str]]) -> Mapping[str, float]:
    """By stratum which part (0 to 1) of the cases (stratum, state) that were drawn was settled.

    A chance times this part is the chance to be drawn and read, if within a stratum chance alone decided what stayed
    unread (weighting classes: Kish, Survey Sampling, 1965, section 13.4).
    """
    drawn, settled = Counter[str](), Counter[str]()
    for stratum, state in cases:
        key = stratum_key(stratum)
        drawn[key] += 1
        settled[key] += state == Case.State.SETTLED
    return {key: settled[key] / n for key, n in drawn.items() if settled[key]}


def frame_of(campaign: Campaign) -> Mapping[str, int]:
    """How many units each stratum of the frame has, as the draw kept it; empty where it kept none."""
    return {stratum_key(one["stratum"]): one["size"] for one in campaign.draw.get("cells") or ()}


def drawn_number(campaign: Campaign) -> int:
    """How many cases the draw took: those shown again and those with known answers were not drawn."""
    return int((campaign.draw.get("confidence") or {}).get("n", campaign.n_cases))


def uncovered(campaign: Campaign) -> Reason | None:
    """Why results do not speak for everything: some could not be drawn at all."""
    if campaign.draw.get("covered", True):
        return None
    cells = campaign.draw.get("cells") or ()
    n = sum(one["drawn"] < one["size"] and one["drawn"] == one["by_risk"] for one in cells)
    return Reason("draw_not_covered", {"n": n})
