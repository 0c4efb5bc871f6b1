"""What the texts of logs mean in the dictionary of retake reasons: known words, and suggestions by keywords.

Only a code or a name of the dictionary itself is taken without asking.  Everything else a person decides once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from yingheng.catalog.retake_reasons import CAUSES, RetakeReason, retake_reasons
from yingheng.rejects.logs.values import plain

# Words that speak for a reason; the first that a text holds wins, so longer ones stand first.
_KEYWORDS: tuple[tuple[str, str], ...] = (
    ("clipped", "RT-02"), ("cut off", "RT-02"), ("cutoff", "RT-02"), ("anatomy", "RT-02"), ("collimat", "RT-02"),
    ("缺失", "RT-02"), ("不全", "RT-02"), ("范围", "RT-02"), ("照射野", "RT-02"), ("视野", "RT-02"),
    ("position", "RT-01"), ("rotat", "RT-01"), ("摆位", "RT-01"), ("体位", "RT-01"), ("倾斜", "RT-01"),
    ("under", "RT-04"), ("nois", "RT-04"), ("too low", "RT-04"), ("不足", "RT-04"), ("噪声", "RT-04"),
    ("over", "RT-05"), ("too high", "RT-05"), ("satur", "RT-05"), ("过度", "RT-05"), ("过曝", "RT-05"),
    ("breath", "RT-07"), ("inspir", "RT-07"), ("呼吸", "RT-07"), ("吸气", "RT-07"),
    ("motion", "RT-06"), ("movement", "RT-06"), ("moved", "RT-06"), ("运动", "RT-06"), ("移动", "RT-06"),
    ("foreign", "RT-08"), ("jewel", "RT-08"), ("clothing", "RT-08"), ("异物", "RT-08"), ("饰", "RT-08"),
    ("衣", "RT-08"), ("marker", "RT-09"), ("标记", "RT-09"), ("grid", "RT-14"), ("滤线栅", "RT-14"),
    ("wrong patient", "RT-11"), ("患者错", "RT-11"), ("wrong part", "RT-10"), ("部位错", "RT-10"),
    ("wrong view", "RT-12"), ("test", "RT-32"), ("质控", "RT-32"), ("测试", "RT-32"), ("校准", "RT-32"),
    ("artifact", "RT-15"), ("artefact", "RT-15"), ("伪影", "RT-15"), ("detector", "RT-16"), ("equipment", "RT-16"),
    ("failure", "RT-16"), ("故障", "RT-16"), ("设备", "RT-16"), ("compress", "RT-26"), ("压迫", "RT-26"),
    ("曝光", "RT-04"), ("exposure", "RT-04"),
)  # fmt: skip
NOT_TOLD = "-"  # how addresses and cells write a reason that nobody gave
UNKNOWN = "?"  # and one of which nobody knows what it means


def reason_key(text: str) -> str:
    """A text as it is compared."""
    return plain(text)[:200]


@cache
def _dictionary() -> Mapping[str, str]:
    told = retake_reasons()
    return {plain(word): code for code, one in told.items() for word in (code, one.zh, one.en)}


def reason_known(text: str) -> str:
    """The code of a text that is a code or a name of the dictionary; "" for any other."""
    return _dictionary().get(plain(text), "")


def reason_suggested(text: str) -> RetakeReason | None:
    """What a text probably means; None where no word of it speaks for a reason."""
    told = plain(text)
    return next((retake_reasons()[code] for word, code in _KEYWORDS if word in told), None)


def reason_counts(code: str) -> bool:
    """Whether a rejected exposure counts in the rate; one whose reason nobody knows does."""
    known = retake_reasons().get(code)
    return known is None or known.counts


def reason_cause(key: str) -> str:
    """The cause group of a reason; "" where it is not known."""
    known = retake_reasons().get(key)
    return known.cause if known else ""


def cause_order() -> tuple[str, ...]:
    """The cause groups in the order in which they are shown; the last is for reasons that are not known."""
    return (*CAUSES, "")
