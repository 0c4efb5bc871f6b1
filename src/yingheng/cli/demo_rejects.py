"""A log of exposures for the radiography device of the demonstration, brought as a person would bring it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterator

from yingheng.audit.actor import Actor

_HEADS = ("检查日期", "检查时间", "检查部位", "投照体位", "状态", "拒绝原因", "技师", "检查号")
_NAME = "演示-DR曝光日志.csv"
_PROFILE = "演示 DR 日志"
_TECHNOLOGISTS = ("张技师（演示）", "张技师（演示）", "DEMO-T2", "DEMO-T2", "DEMO-T2", "陈进修（演示）")
_VIEWS = (
    ("胸部", "后前位"),
    ("胸部", "后前位"),
    ("胸部", "侧位"),
    ("腰椎", "侧位"),
    ("膝关节", "前后位"),
    ("腹部", "前后位"),
)
# One of them is no word of the dictionary: it waits for a person.
_REASONS = ("体位不正", "体位不正", "体位不正", "呼吸未配合", "患者移动", "体外异物", "曝光不足或噪声大", "设备伪影",
            "窗口显示怪")  # fmt: skip
_DAYS, _A_DAY, _REJECTED = 24, 26, 0.075


def rejects(code: str) -> None:
    """Once: the log of last month, imported and counted."""
    from yingheng.registry.models import Device  # noqa: PLC0415 - after Django is set up
    from yingheng.rejects.logs.headings import guessed  # noqa: PLC0415
    from yingheng.rejects.models import LogFile  # noqa: PLC0415
    from yingheng.rejects.services.counting import month_count  # noqa: PLC0415
    from yingheng.rejects.services.importing import log_bring, log_import, log_sheet, log_start  # noqa: PLC0415
    from yingheng.tenancy.models import User  # noqa: PLC0415

    device = Device.objects.select_related("hospital").filter(hospital__code=code, modality="DX").first()
    if device is None or LogFile.objects.filter(device=device).exists():
        return
    person = User.objects.get(username="wang")
    actor = Actor(person.actor.id, person.actor.name)
    first = _month_before(dt.datetime.now(dt.UTC).date())
    days = [first + dt.timedelta(days=n) for n in range(_DAYS)]
    row = log_bring(actor=actor, device=device, name=_NAME, data=_log(days), demo=True)
    row = log_start(
        actor=actor, row=row, mapping=guessed(log_sheet(row).rows), first_day=days[0], last_day=days[-1],
        profile=_PROFILE,
    )  # fmt: skip
    log_import(row=row)
    month_count(device=device, month=first)


def _month_before(today: dt.date) -> dt.date:
    return (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)


def _log(days: list[dt.date]) -> bytes:
    """A log as a console of a Chinese maker writes it: GB 18030, one row for each exposure."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADS)
    writer.writerows(_rows(days))
    return text.getvalue().encode("gb18030")


def _rows(days: list[dt.date]) -> Iterator[tuple[str, ...]]:
    chance = random.Random(20261)  # noqa: S311 - a sample, the same every time
    for day in days:
        n = _A_DAY if day.weekday() < 5 else _A_DAY // 3
        for number in range(n):
            minute = 8 * 60 + number * (9 * 60 // n) + chance.randrange(8)
            part, view = chance.choice(_VIEWS)
            out = chance.random() < _REJECTED
            yield (
                f"{day:%Y/%m/%d}", f"{minute // 60:02}:{minute % 60:02}:{chance.randrange(60):02}", part, view,
                "拒绝" if out else "接受", chance.choice(_REASONS) if out else "", chance.choice(_TECHNOLOGISTS),
                f"DEMO-L{day:%m%d}{number:02}",
            )  # fmt: skip
