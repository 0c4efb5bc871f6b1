"""Words of the reading room: its script knows keys alone and takes the words from the page."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from yingheng.web import viewer_texts

KEYS = [
    ("Ctrl Enter", gettext_lazy("submit and next case")),
    ("Tab / Shift Tab", gettext_lazy("next / previous item")),
    ("Enter", gettext_lazy("next item")),
    ("1–9", gettext_lazy("tick the fault, or choose the answer, of that number")),
    ("0", gettext_lazy("no fault, and on to the next item")),
    ("a b c d", pgettext_lazy("keys", "grade, where the sheet asks for one")),
    ("v", gettext_lazy("mark a defect: click a point, drag a box, drag an arrow with Shift")),
    (
        pgettext_lazy("keys", "v, then ← ↑ → ↓"),
        gettext_lazy("place the mark by key; Space begins a box, Enter ends it"),
    ),
    ("t", gettext_lazy("report or record, and the images")),
    (
        pgettext_lazy("keys", "v, then ← →"),
        gettext_lazy("in a text: choose a clause; Space adds clauses, Shift ← → characters, Enter marks it"),
    ),
    ("s", gettext_lazy("how the position should be: text and reference picture")),
    ("Shift 1–9", gettext_lazy("window presets")),
    ("↑ ↓", gettext_lazy("scroll slices")),
    ("PgUp PgDn", gettext_lazy("ten slices")),
    ("[ ]", gettext_lazy("previous / next series")),
    ("Shift C", gettext_lazy("compare with an earlier exam or another series")),
    ("z p w", gettext_lazy("zoom, pan, window by dragging")),
    ("+ −", gettext_lazy("larger / smaller")),
    ("m e", gettext_lazy("measure a length, a region")),
    ("i", gettext_lazy("invert")),
    ("r", gettext_lazy("reset the view")),
    ("o", gettext_lazy("marks on / off")),
    ("l", gettext_lazy("link both images")),
    ("Esc", gettext_lazy("leave a text, a mark or a tool")),
    ("x", gettext_lazy("back to the list; what is typed stays")),
]


def texts() -> dict[str, str]:
    """What the script writes on the page, by key; {…} is filled in by the script."""
    return viewer_texts.texts() | {
        "progress": pgettext("reading room", "{done} / {total}"),
        "left": pgettext("reading room", "{n} items to answer"),
        "unsent": _("No connection: kept in this browser. Submit again once there is one."),
        "submitting": pgettext("reading room", "Submitting …"),
        "marking": _("Click a point, drag a box, or drag an arrow with Shift. Keys: arrows, Space for a box, Enter."),
        "marking_words": _("Select words. Keys: arrows by clause, Space adds, Shift and arrows by character, Enter."),
        "words_at": pgettext("reading room", "“{words}”"),
        "mark_point": pgettext("mark", "point"),
        "mark_rect": pgettext("mark", "box"),
        "mark_arrow": pgettext("mark", "arrow"),
        "mark_unnamed": pgettext("mark", "without a name"),
        "mark_remove": pgettext("mark", "Take the mark away"),
        "mark_show": pgettext("mark", "Show the mark"),
        "mark_failed": _("The mark could not be kept: {why}"),
        "no_images": _("No images belong to this case."),
        "mend": _("Some items are missing or cannot be right."),
        "unchecked": _("Burned-in text could not be looked for here. If you can tell whose these are, hand them back."),
    }
