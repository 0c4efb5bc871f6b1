"""The components of the gallery, section by section."""

from django.urls import reverse

from yingheng.common.ui.charts import Point
from yingheng.common.ui.curves import Curve, Curves, Place
from yingheng.common.ui.judged import JudgedList
from yingheng.common.ui.parts import (
    Action,
    Alert,
    Empty,
    Fact,
    KeyValues,
    Lines,
    Link,
    Many,
    Number,
    OutcomeBadge,
    Part,
    Progress,
    Section,
    Tag,
    Timeline,
    When,
)
from yingheng.common.ui.stage import HeaderTags, SeriesList, SliceRuler, Stage, Window, overlays_of
from yingheng.common.ui.tiles import Rate, Tile

from .picture import COUNT, SIDE
from .samples import GAPS, INSTANCES, NOW, events, judged_items, t, verdicts

LONG_ZH = "演示：胸部低剂量CT平扫联合高分辨率重建及多平面重组，患者屏气配合欠佳，已与临床沟通并登记原因"


def stage() -> Stage:
    address = reverse("ui:sample_image", kwargs={"index": 0}).replace("/0/", "/{index}/")
    return Stage(
        image_url=f"{address}?w={{window}}",
        columns=SIDE,
        rows=SIDE,
        count=COUNT,
        title=t("演示序列 · 轴位", "Demonstration series · axial"),
        windows=[
            Window("soft", t("软组织", "Soft tissue")),
            Window("bone", t("骨窗", "Bone")),
            Window("wide", t("宽窗", "Wide")),
        ],
        overlays=overlays_of(verdicts(), INSTANCES),
        start=12,
        labels=[f"{-5.0 * i:.1f} mm" for i in range(COUNT)],
        ruler=SliceRuler(GAPS),
    )


def badges() -> list[Section]:
    outcomes = [OutcomeBadge(o) for o in ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE")]
    reason = OutcomeBadge("NOT_ASSESSABLE", t("仍在接收", "still receiving"))
    tags = [Tag(t("普通", "neutral")), Tag(t("强调", "accent"), "accent"), Tag(t("急诊", "emergency"), "fail", "clock")]
    return [
        Section(t("判定", "Verdicts"), Many([*outcomes, reason])),
        Section(t("依据、严重度与判定方式", "Confidence, severity and grade"), body_template="ui/gallery_words.html"),
        Section(t("标签", "Tags"), Many(tags)),
    ]


def numbers() -> list[Section]:
    rates = [
        Rate(482, 520, (90.2, 94.7), 95.0),
        Rate(512, 520, (97.0, 99.3), 95.0),
        Rate(7, 9, (45.3, 93.7), 95.0),
        Rate(0, 0, None, 95.0),
    ]
    pairs = KeyValues(
        [
            (t("层厚", "Slice thickness"), Number(1.25, "mm")),
            (t("水 CT 值", "CT number of water"), Number(-0.8, "[hnsf'U]")),
            (t("检查时间", "Performed"), When(NOW)),
            (t("多久以前", "How long ago"), When(NOW, ago=True)),
            (t("缺失值", "Missing value"), None),
        ]
    )
    return [
        Section(t("比率", "Rates"), Many(rates)),
        Section(t("数值与时间", "Numbers and times"), pairs),
        Section(t("随限值变化的比率", "Shares over a limit"), curves()),
        Section(t("判定结果列表", "Judged numbers"), JudgedList(judged_items()), flush=True),
        Section(t("图像旁的判定", "Beside an image"), JudgedList(judged_items(), compact=True), flush=True),
        Section(t("尚无判定", "Nothing judged"), JudgedList([]), flush=False),
    ]


def curves() -> Curves:
    flagged = [(float(x), 1 / (1 + 2.7 ** (x - 12))) for x in range(21)]
    alarms = [(float(x), 1 / (1 + 2.7 ** (x - 5))) for x in range(21)]
    return Curves(
        [
            Curve(t("不合格中被标出", "faulty, flagged"), flagged),
            Curve(t("合格中被标出", "sound, flagged"), alarms, "fail"),
        ],
        [Place(t("现限值", "limit in use"), 5.0), Place(t("建议限值", "suggested limit"), 8.0, "accent")],
        t("限值（%）", "limit, %"),
    )


def evidence() -> list[Section]:
    rows = [
        {"name": t("轴位 T1WI", "axial T1WI"), "state": "present", "series": "DEMO_T1"},
        {"name": t("轴位 DWI", "axial DWI"), "state": "missing", "series": None},
        {"name": t("定位像", "localiser"), "state": "extra", "series": "DEMO_LOC"},
    ]
    tags = [{"keyword": "SliceThickness", "value": "1.25"}, {"keyword": "SpacingBetweenSlices", "value": None}]
    whole = {"kind": "slices", "positions_mm": [5.0 * i for i in range(20)], "gaps": [], "duplicates": []}
    return [
        Section(t("图像舞台", "Image stage"), stage(), flush=True),
        Section(t("层面标尺（无异常）", "Slice ruler (sound)"), SliceRuler(whole, "stage")),
        Section(t("序列清单", "Series list"), SeriesList({"kind": "series_list", "rows": rows})),
        Section(t("头信息", "Header attributes"), HeaderTags({"kind": "tags", "tags": tags})),
    ]


def actions() -> list[Section]:
    many: list[Part] = [
        Action(t("主操作", "Primary"), "#", "plus", kind="primary"),
        Action(t("次操作", "Secondary"), "#", "edit"),
        Action(t("安静", "Quiet"), "#", kind="quiet"),
        Action(t("删除", "Delete"), "#", "trash", "post", "danger", t("演示：确认删除？", "Demo: delete?")),
        Link(t("链接", "Link"), "#", "link"),
        Lines(t("两行", "Two lines"), t("第二行说明", "the second explains"), "#"),
    ]
    notes = [
        Alert(t("设备已限制使用，急诊不受影响。", "The device is restricted; emergencies go on."), "human",
              t("状态检测未通过", "Status test failed")),
        Alert(t("保存失败，请检查网络。", "Saving failed; check the network."), "fail"),
        Alert(t("已发布，次日生效。", "Published; in force tomorrow."), "pass"),
        Alert(t("规则正在试运行。", "The rules run in shadow."), "neutral"),
    ]  # fmt: skip
    progress = [
        Progress(128, 512, t("重新判定", "Judging anew"), t("每分钟 120 个", "120 a minute"), t("3 分钟", "3 min")),
        Progress(512, 512, t("完成", "Done")),
        Progress(37, None, t("接收中，总数未知", "receiving, total unknown")),
    ]
    empty = Empty(
        t("没有待确认的检查", "No exam needs review"),
        t("需要人工判断的检查会出现在这里。", "Exams that need a person appear here."),
        "user-check",
        Action(t("查看全部检查", "See all exams"), "#"),
    )
    return [
        Section(t("操作", "Actions"), Many(many)),
        Section(t("提示", "Notices"), body_template="ui/gallery_parts.html", context={"parts": notes}),
        Section(t("进度", "Progress"), body_template="ui/gallery_row.html", context={"parts": progress}),
        Section(t("空状态", "Empty"), empty),
        Section(t("时间线", "Timeline"), Timeline(events())),
        Section(t("空时间线", "Empty timeline"), Timeline([])),
    ]


def facts() -> list[Fact]:
    return [
        Fact(t("设备", "Device"), "DEMO_CT-01", t("演示一室", "Demo room 1")),
        Fact(t("检查时间", "Performed"), When(NOW)),
        Fact(t("序列 / 图像", "Series / images"), "3 / 412"),
    ]


def tiles() -> list[Tile]:
    months = [f"2026-{month:02d}" for month in range(1, 12)]
    good = [96.1, 95.8, 96.6, 97.0, 96.4, 95.2, 96.9, 97.3, 97.1, 96.8, 97.4]
    bad = [3.1, 2.8, 3.4, None, 3.9, 6.1, 4.4, 4.2, 4.8, 5.0, 5.2]
    trend = [Point(m, v, 480) for m, v in zip(months, good, strict=True)]
    broken = [Point(m, v, 490, flagged=v == 6.1) for m, v in zip(months, bad, strict=True)]
    return [
        Tile(t("图像质量合格率达标了吗？", "Does image quality meet its target?"),
             rate=Rate(512, 526, (95.6, 98.4), 95.0), points=trend, control=(94.5, 98.0), url="#"),
        Tile(t("重拍率是否过高？", "Are there too many retakes?"), rate=Rate(27, 520, (3.6, 7.5), 3.0, "low"),
             points=broken, control=(1.9, 5.6), url="#",
             note=t("6 月超出控制上限", "June lies above the control limit")),
        Tile(t("本周设备检测", "Device tests this week"), rate=Rate(3, 4, (30.1, 95.4), 100.0), url="#"),
        Tile(t("每例平均判定时间", "Mean time to judge an exam"), figure=4.2, unit="s", n=526, target=10,
             points=[Point(m, v, 500) for m, v in zip(months, [5, 5.2, 4.8, 4.6, 4.9, 4.4, 4.5, 4.1, 4.3, 4.0, 4.2],
                                                       strict=True)]),
        Tile(t("未关闭的问题", "Open findings"), figure=18, change=t("较上月 −4", "4 fewer than last month"), url="#"),
        Tile(t("尚无数据", "No data yet"), figure=None, note=t("设备接入后开始统计。", "Counted once devices send.")),
    ]  # fmt: skip
