"""Charts of the gallery."""

import datetime as dt
import math

from yingheng.common.ui.control_chart import ChartEvent, ChartForecast, ChartLimit, ChartPoint, ControlChart, Stretch
from yingheng.common.ui.differences import Differences
from yingheng.common.ui.parts import Section

from .samples import t

_DAY = dt.date(2026, 9, 1)


def charts() -> list[Section]:
    """The control chart: while its baseline forms, with a change of the device and a drift, and heading for a limit."""
    name = t("演示量", "demonstration figure")
    return [
        Section(t("控制图：基线积累中", "Control chart: baseline forming"), ControlChart(_points(5), name, "mm")),
        Section(t("控制图：变更与漂移", "Control chart: change and drift"), _full(name)),
        Section(t("控制图：限值与预测", "Control chart: limits and a forecast"), _ahead(name)),
        Section(t("两人评分之差", "Differences of two readers"), _differences()),
    ]


def _differences() -> Differences:
    points = [(60 + i % 37, 2 + 3 * math.sin(7 * i)) for i in range(60)]
    across, upward = t("两人评分的均值", "mean of both scores"), t("第一人减第二人", "first minus second score")
    return Differences(points, across, upward, bias=2.0, limits=(-2.2, 6.2))


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


def _ahead(name: str) -> ControlChart:
    """Values of tests with marks, limits that judge and that stand by, and the line to the limit ahead."""
    values = [10 + 0.08 * i + 0.2 * math.sin(5 * i) for i in range(16)]
    rules = (t("2_2s：连续两次同侧超出 2 倍标准差", "2_2s: twice in a row beyond 2 standard deviations"),)
    points = [
        ChartPoint(
            day := _DAY + dt.timedelta(days=4 * i),
            value,
            str(day),
            outcome={6: "FAIL", 9: "NEEDS_HUMAN"}.get(i, "PASS"),
            rules=rules if i >= 14 else (),
        )
        for i, value in enumerate(values)
    ]
    said = t("按此趋势约 25 天后（18～39 天）超出上限 11.7 mm", "at this rate in about 25 days (18–39) beyond 11.7 mm")
    return ControlChart(
        points,
        name,
        "mm",
        stretches=(Stretch(0, 15, 10.3, 9.4, 11.2, near=(9.7, 10.9)),),
        limits=(
            ChartLimit(11.7, t("11.7 mm：状态检测", "11.7 mm: status test")),
            ChartLimit(11.5, t("11.5 mm：验收检测", "11.5 mm: acceptance test"), used=False),
            ChartLimit(8.8, t("8.8 mm：状态检测", "8.8 mm: status test")),
        ),
        forecast=ChartForecast(11.7, 0.02, 25, 18, 39, said),
        noun=t("一次检测", "a test"),
    )
