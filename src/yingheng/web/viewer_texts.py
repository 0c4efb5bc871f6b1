"""Words of the viewer: its script knows keys alone and takes the words from the page."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

KEYS = [
    ("↑ ↓", gettext_lazy("scroll slices")),
    ("PgUp PgDn", gettext_lazy("ten slices")),
    ("Home End", gettext_lazy("first / last slice")),
    ("1–9", gettext_lazy("window presets")),
    ("z", gettext_lazy("zoom by dragging")),
    ("p", gettext_lazy("pan by dragging")),
    ("w", gettext_lazy("window by dragging")),
    ("+ −", gettext_lazy("larger / smaller")),
    ("m", gettext_lazy("measure a length")),
    ("a", gettext_lazy("measure an angle")),
    ("e", gettext_lazy("ellipse: mean and standard deviation")),
    ("Del", gettext_lazy("remove the last measurement")),
    ("i", gettext_lazy("invert")),
    ("r", gettext_lazy("reset the view")),
    ("o", gettext_lazy("evidence on / off")),
    ("j / k", gettext_lazy("next / previous verdict")),
    ("v", gettext_lazy("show it on the image")),
    ("[ ]", gettext_lazy("previous / next series")),
    ("c", gettext_lazy("compare")),
    ("l", gettext_lazy("link both images")),
    ("Tab", pgettext_lazy("viewer", "the other image")),
    (pgettext_lazy("viewer", "Space"), gettext_lazy("play / stop")),
    ("x", gettext_lazy("back to the exam")),
]


def texts() -> dict[str, str]:
    """What the script writes on the page, by key; {…} is filled in by the script."""
    return {
        "series": _("Series"),
        "slice": pgettext("viewer", "Image {n}/{count}"),
        "position": "{mm} mm",
        "window": pgettext("viewer", "C {center}  W {width}"),
        "table": pgettext("viewer", "table as sent (VOI LUT)"),
        "sigmoid": pgettext("viewer", "sigmoid as sent"),
        "zoom": pgettext("viewer", "{percent}%"),
        "uncalibrated": pgettext("viewer", "not calibrated"),
        "detector": pgettext("viewer", "not calibrated, at the detector"),
        "loading": _("Loading …"),
        "gone": _("The pixels of this image are no longer kept."),
        "offline": _("The server did not answer. Check the connection and try again."),
        "unreadable": _("This image cannot be shown: {why}"),
        "undecodable": _("its pixels ({syntax}) cannot be decoded here"),
        "signed_out": _("You are signed out. Sign in again in another tab and try again."),
        "facts": _("What was measured"),
        "area": pgettext("viewer", "area {value}"),
        "mean": pgettext("viewer", "mean {value}"),
        "deviation": pgettext("viewer", "SD {value}"),
        "range": pgettext("viewer", "{low} to {high}"),
        "pixels": pgettext("viewer", "{n} px"),
        "same_exam": _("Another series of this exam"),
        "no_others": _("There is nothing to compare with."),
        "comparing": _("Loading …"),
        "link_mm": pgettext("viewer", "linked by position"),
        "link_index": pgettext("viewer", "linked by number"),
        "unlinked": pgettext("viewer", "not linked"),
        "nothing_judged": _("Nothing was judged on this series."),
        "images": pgettext("viewer", "{n} images"),
        "failed": _("The viewer could not start: {why}"),
    }
