"""Body part and projection in one spelling, so that what a log writes and what headers write are counted together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from imagingqc.protocol.parts import body_part_name
from imagingqc.protocol.table import rows
from yingheng.common.ui.words import language
from yingheng.rejects.logs.values import plain

_LATERAL = ("lat", "lateral", "ll", "rl", "侧位", "左侧位", "右侧位")
_VIEWS: Mapping[str, str] = {
    **dict.fromkeys(_LATERAL, "LAT"),
    **dict.fromkeys(("pa", "后前位"), "PA"),
    **dict.fromkeys(("ap", "前后位"), "AP"),
}
_BETWEEN = "|"
_LONGEST = 64


@cache
def _codes() -> Mapping[str, str]:
    """Code by keyword, and by the code itself."""
    told = [row for row in rows("body_part_keywords") if row["body_part"]]
    return {row["body_part"].casefold(): row["body_part"] for row in told} | {
        plain(row["keyword"]): row["body_part"] for row in told
    }


def position_key(body_part: str, view: str) -> str:
    """ "CHEST|PA"; a part that no table knows stays as it is written, and "" stands for what nobody told."""
    part, aspect = plain(body_part), plain(view)
    if not part and not aspect:
        return ""
    code = _codes().get(part, part.upper()[:_LONGEST])
    return f"{code}{_BETWEEN}{_VIEWS.get(aspect, aspect.upper()[:_LONGEST])}"


def position_text(key: str) -> str:
    """A key in the reader's language."""
    code, _between, view = key.partition(_BETWEEN)
    part = (body_part_name(code) if language() == "zh" else "") or code
    return " ".join(filter(None, (part, view)))
