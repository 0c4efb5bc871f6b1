"""Charts of the gallery."""

import datetime as dt
import math

from yingheng.common.ui.control_chart import ChartEvent, ChartPoint, ControlChart, Stretch
from yingheng.common.ui.parts import Section

from .samples import t

_DAY = dt.date(2026, 9, 1)


def charts() -> list[Section]:
    """The control chart: while its baseline forms, and full with a change of the device and a drift."""
    name = t("演示量", "demonstration figure")
    return [
        Section(t("控制图：基线积累中", "Control chart: baseline forming"), ControlChart(_points(5), name, "mm")),
        Section(t("控制图：变更与漂移", "Control chart: change and drift"), _full(name)),
    ]


def _points(n: int) -> list[ChartPoint]:
    values = [10 + 0.4 * math.sin(3 * i) + (0.8 if i > 60 else 0.0) for i in range(n)]
    days = [_DAY + dt.timedelta(days=i // 2) for i in range(n)]
    return [ChartPoint(d, v, str(d), aside=i == 12) for i, (d, v) in enumerate(zip(days, values, strict=True))]


def _full(name: str) -> ControlChart:
    points = _points(80)
    points[45] = ChartPoint(points[45].day, 14.0, str(points[45].day), beyond=True)
    return ControlChart(
        points,
        name,
        "mm",
        stretches=(Stretch(0, 19, 10.2, 8.8, 11.6), Stretch(20, 79, 10.0, 8.6, 11.4, (9.5, 10.5))),
        averages=[None] * 50 + [10 + 0.3 * max(0, i - 10) / 10 for i in range(30)],
        events=(ChartEvent(20, t("球管更换", "tube replaced")),),
    )
