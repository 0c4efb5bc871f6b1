"""What was drawn of each stratum, as parts of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from yingheng.common.ui.parts import Section
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.review.naming import stratum_names, stratum_text
from yingheng.review.spec import SamplingSpec

_MOST = 100


def cells_section(cells: Sequence[Mapping[str, Any]], sampling: SamplingSpec, kind: str) -> Section:
    """A table of strata: how much there was, how much was drawn.  One query."""
    stratum = sampling.strata[0] if sampling.strata else ""
    word = stratum_text(stratum, kind) if stratum else ""
    names = stratum_names(stratum, [cell["stratum"][0] for cell in cells if cell["stratum"]]) if stratum else {}
    shown = sorted(cells, key=lambda cell: -cell["size"])[:_MOST]
    return Section(
        _("By %(what)s") % {"what": word} if stratum else _("Without strata"),
        Table(
            columns=(
                Column("name", word or _("Stratum"), wide=True),
                Column("size", _("Can be drawn"), align="right"),
                Column("drawn", _("Drawn"), align="right"),
                Column("risk", _("By risk"), align="right", phone=False),
                Column("share", _("Share"), align="right", phone=False, nowrap=True),
            ),
            rows=[
                Row(
                    {
                        "name": names.get(cell["stratum"][0], cell["stratum"][0]) if cell["stratum"] else _("all"),
                        "size": cell["size"],
                        "drawn": cell["drawn"],
                        "risk": cell["by_risk"],
                        "share": f"{100 * cell['drawn'] / cell['size']:.1f} %",
                    }
                )
                for cell in shown
            ],
            caption=_("Strata"),
        ),
        flush=True,
        hint=_("The %(n)d largest.") % {"n": _MOST} if len(cells) > _MOST else "",
    )
