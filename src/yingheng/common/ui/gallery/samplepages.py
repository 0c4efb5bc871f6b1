"""One sample of each page type in the states it can be in."""

from collections.abc import Callable
from dataclasses import replace

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from yingheng.common.ui.judged import JudgedList
from yingheng.common.ui.pages import (
    BoardPage,
    DashboardPage,
    FieldGroup,
    FieldMeta,
    FormPage,
    ListPage,
    Page,
    ReadingPage,
    ThingPage,
)
from yingheng.common.ui.parts import (
    Action,
    Alert,
    BoardColumn,
    Card,
    Empty,
    KeyValues,
    Lines,
    Link,
    Number,
    OutcomeBadge,
    Progress,
    Section,
    Tab,
    Tag,
    Timeline,
    When,
)
from yingheng.common.ui.room import Light, RoomBoard, RoomCard, RoomPage
from yingheng.common.ui.stage import Pick, SheetItem
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Pager, Row, Table

from .components import LONG_ZH, facts, stage, tiles
from .samples import before, events, judged_items, t
from .sheets import sheet_page

OUTCOMES = ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE", "PASS", "PASS")


def crumbs() -> list[Link]:
    return [Link(t("演示画廊", "Gallery"), reverse("ui:gallery"))]


def _rows(*, long: bool) -> list[Row]:
    rows = []
    for i in range(12):
        outcome = OUTCOMES[i % len(OUTCOMES)]
        item = LONG_ZH if long else t("胸部 CT 平扫", "Chest CT, plain")
        cells = {
            "exam": Lines(f"DEMO{20260000 + i}", t("演示患者 ", "Demo patient ") + chr(65 + i)),
            "item": item,
            "device": "DEMO_CT-01",
            "images": Number(412 - 7 * i),
            "at": When(before(i * 1.7)),
            "outcome": OutcomeBadge(outcome, t("缺少 DICOM 属性", "an attribute is missing") if i == 3 else ""),
        }
        rows.append(Row(cells, f"{reverse('ui:page', args=['thing'])}?n={i}", str(i), "fail" if i % 6 == 1 else ""))
    return rows


def list_page(request: HttpRequest, state: str) -> ListPage:
    columns = [
        Column("exam", t("检查号", "Exam"), "number"),
        Column("item", t("检查项目", "Item"), wide=True),
        Column("device", t("设备", "Device"), phone=False, nowrap=True),
        Column("images", t("图像数", "Images"), "images", "right"),
        Column("at", t("检查时间", "Performed"), "performed", nowrap=True),
        Column("outcome", t("判定", "Verdict"), "outcome"),
    ]
    rows = [] if state in ("empty", "error", "loading") else _rows(long=state == "long")
    chosen = request.GET.get("outcome", "")
    options = [Option("FAIL", t("不合格", "Fail")), Option("PASS", t("合格", "Pass"))]
    table = Table(
        columns, rows, t("检查", "Exams"), request.GET.get("sort", "-performed"),
        Pager(len(rows), 4831, "", "?after=demo"),
        [Action(t("确认合格", "Confirm pass"), "#", "check"), Action(t("登记重拍", "Record retake"), "#", "repeat")],
        Empty(t("没有符合条件的检查", "No exam matches"), t("换一个时间范围或清除筛选。", "Change the period."),
              "search", Action(t("清除筛选", "Clear the filters"), request.path)),
        {"error": "error", "loading": "loading"}.get(state, "ok"),  # type: ignore[arg-type]
        t("数据库没有应答。编号 DEMO-0001", "The database did not answer. Id DEMO-0001"),
    )  # fmt: skip
    tabs = [
        Tab(t("全部", "All"), "?", 4831, current=True),
        Tab(t("不合格", "Failed"), "?outcome=FAIL", 37),
        Tab(t("待人工", "Needs review"), "?outcome=NEEDS_HUMAN", 12),
        Tab(t("无法评估", "Not assessable"), "?outcome=NOT_ASSESSABLE", 5),
    ]
    bar = FilterBar(
        [
            Filter("q", t("检查号或姓名", "Number or name"), value=request.GET.get("q", "")),
            Filter("outcome", t("判定", "Verdict"), "select", chosen, options),
            Filter("day", t("日期", "Day"), "date", request.GET.get("day", "")),
            Filter("emergency", t("仅急诊", "Emergency only"), "check", request.GET.get("emergency", "")),
        ],
        {"sort": request.GET.get("sort", "")},
    )
    return ListPage(
        title=t("演示：检查列表", "Demonstration: exam list"),
        purpose=t("找到一次检查，看它的测量和判定。", "Find an exam and see what was measured and judged."),
        crumbs=crumbs(),
        table=table,
        tabs=tabs,
        filters=bar,
        exports=[Link("CSV", "#")],
    )


def thing_page(_request: HttpRequest, state: str) -> ThingPage:
    empty = state == "empty"
    details = KeyValues(
        [
            (t("患者", "Patient"), t("演示患者 A", "Demo patient A")),
            (t("项目", "Item"), LONG_ZH if state == "long" else t("胸部 CT 平扫", "Chest CT, plain")),
            (t("机房", "Room"), t("演示一室", "Demo room 1")),
        ]
    )
    sections = [
        Section(t("判定结果", "Verdicts"), JudgedList([] if empty else judged_items()), flush=not empty),
        Section(t("图像", "Images"), stage(), flush=True),
        Section(t("基本信息", "Details"), details),
    ]
    title = LONG_ZH if state == "long" else "DEMO20260001"
    return ThingPage(
        title=title,
        kind=t("检查", "Exam"),
        crumbs=[*crumbs(), Link(t("检查列表", "Exams"), reverse("ui:page", args=["list"]))],
        state=OutcomeBadge("NOT_ASSESSABLE" if empty else "FAIL"),
        facts=facts(),
        actions=[
            Action(t("登记重拍", "Record retake"), "#", "repeat", kind="primary", key="n"),
            Action(t("重新评估", "Evaluate anew"), "#", "refresh", "post"),
        ],
        tabs=[
            Tab(t("判定", "Verdicts"), "#", 6, current=True),
            Tab(t("序列", "Series"), "#", 3),
            Tab(t("剂量", "Dose"), "#"),
        ],
        sections=sections,
        timeline=Timeline([] if empty else events()),
        alerts=[] if empty else [Alert(t("第 14–16 层缺失，建议补扫。", "Slices 14–16 are missing; rescan."), "fail")],
    )


class SampleForm(forms.Form):
    temperature = forms.FloatField(initial=21.5)
    humidity = forms.FloatField(initial=82)
    noise = forms.FloatField(required=False)
    result = forms.ChoiceField()
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, (zh, en) in FIELD_LABELS.items():
            self.fields[name].label = t(zh, en)
        self.fields["result"].choices = [("ok", t("正常", "normal")), ("bad", t("异常", "abnormal"))]  # type: ignore[attr-defined]


FIELD_LABELS = {
    "temperature": ("机房温度", "Room temperature"),
    "humidity": ("相对湿度", "Relative humidity"),
    "noise": ("噪声", "Noise"),
    "result": ("结论", "Result"),
    "note": ("备注", "Note"),
}


class GroupedForm(SampleForm):
    """The same fields in groups; the second is folded until something in it differs from what is proposed."""

    alarm = forms.BooleanField(required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["alarm"].label = t("超限时提醒工程师", "Tell the engineer when a limit is passed")
        self.groups = (
            FieldGroup(t("环境", "Surroundings"), ("temperature", "humidity", "alarm")),
            FieldGroup(t("其他", "Further"), ("noise", "note"), fold=True),
        )


class HandForm(forms.Form):
    p_image = forms.CharField(required=False, label="image")
    p_outline = forms.CharField(required=False, label="outline")


def _by_hand() -> FormPage:
    """A form that is filled from the images beside it."""
    shown = stage()
    chosen = [Pick("image", "p_image", t("用本层", "Use this slice"), "u"),
              Pick("circle", "p_outline", t("体模轮廓", "Outline"), "h")]  # fmt: skip
    return FormPage(
        title=t("演示：手工选择", "Demonstration: choosing by hand"),
        crumbs=crumbs(),
        form=HandForm(),
        submit=t("分析", "Analyse"),
        cancel_url="#",
        stage=replace(shown, picks=chosen, references=[f"1.2.{n}" for n in range(shown.count)], ruler=None),
    )


def form_page(_request: HttpRequest, state: str) -> FormPage:
    if state == "hand":
        return _by_hand()
    bad = {"temperature": "warm", "humidity": "40", "result": "ok"}
    return FormPage(
        title=t("演示：每日晨检", "Demonstration: morning check"),
        purpose=t("开机后填写，超限即时提示。", "Filled in after start-up; limits are shown while typing."),
        crumbs=crumbs(),
        form=SampleForm(bad) if state == "error" else GroupedForm() if state == "groups" else SampleForm(),
        meta={
            "temperature": FieldMeta("Cel", {"op": "between", "value": [18, 24]}),
            "humidity": FieldMeta("%", {"op": "between", "value": [30, 70]}),
            "noise": FieldMeta("%", {"op": "within_pct", "value": 10, "of": "baseline", "direction": "both"}, 0.42,
                               t("基线 0.42 %", "baseline 0.42 %")),
        },
        submit=t("提交", "Submit"),
        cancel_url="#",
        checklist=state == "long",
        aside=[Section(t("设备", "Device"), KeyValues([(t("编号", "Code"), "DEMO_CT-01")]))],
    )  # fmt: skip


def board_page(_request: HttpRequest, state: str) -> BoardPage:
    cards = [
        Card(
            f"DEMO{20260000 + i}",
            "#",
            [LONG_ZH if state == "long" else t("胸部 CT 平扫 · 演示患者 ", "Chest CT · Demo patient ") + chr(65 + i)],
            outcome,
            t("第 14–16 层缺失，建议补扫", "Slices 14–16 missing; rescan advised") if outcome == "FAIL" else "",
            [Tag(t("急诊", "Emergency"), "fail", "clock")] if i == 1 else [],
            before(i * 0.3),
            str(i),
        )
        for i, outcome in enumerate(("", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE", "PASS", "PASS"))
    ]
    cards = [] if state == "empty" else cards
    columns = [
        BoardColumn(t("接收中", "Receiving"), cards[:1], "accent"),
        BoardColumn(t("不合格", "Failed"), cards[1:2], "fail"),
        BoardColumn(t("待人工", "Needs review"), cards[2:4], "human"),
        BoardColumn(t("合格", "Passed"), cards[4:], "pass", 0 if state == "empty" else 37),
    ]
    return BoardPage(
        title=t("演示：检查实时看板", "Demonstration: live board"),
        purpose=t("每次检查做完几秒内给出判定。", "The verdict of each exam within seconds."),
        crumbs=crumbs(),
        columns=columns,
        every=600,
        far=state == "long",
    )


def room_page(_request: HttpRequest, state: str) -> RoomPage:
    lights = [
        Light("accent", "loader", t("接收中", "Receiving"), moving=True),
        Light("fail", "x", t("不合格", "Fail")),
        Light("human", "circle-half-2", t("待人工", "Needs review")),
        Light("none", "circle-off", t("无法评估", "Not assessable")),
        Light("pass", "check", t("合格", "Pass")),
    ]
    cards = [
        RoomCard(
            key=str(i),
            title=LONG_ZH if state == "long" else t("胸部 CT 平扫", "Chest CT, plain"),
            light=light,
            url="#",
            reason=t("第 14–16 层缺失，建议补扫", "Slices 14–16 missing; rescan") if light.tone == "fail" else "",
            facts=[f"DEMO{20260000 + i}", t("312 幅", "312 images")],
            at=before(i * 0.05),
            ago=t("3 分钟前", "3 minutes ago"),
            progress=Progress(120, 312, t("已收到图像", "images received")) if light.moving else None,
            notes=[Tag(t("已接受：患者无法更好配合", "Accepted: the patient cannot do better"))] if i == 2 else [],
            retake_url="#",
        )
        for i, light in enumerate(lights)
    ]
    return RoomPage(
        title=t("演示：CT 一室", "Demonstration: CT room 1"),
        board=RoomBoard([] if state == "empty" else cards, t("还没有检查", "No exam yet")),
        back=Link(t("返回", "Back"), reverse("ui:gallery")),
        every=600,
    )


def dashboard_page(request: HttpRequest, state: str) -> DashboardPage:
    bar = FilterBar(
        [
            Filter("month", t("月份", "Month"), "month", request.GET.get("month", "2026-11")),
            Filter("scope", t("范围", "Scope"), "select", "", [Option("a", t("演示科室", "Demo department"))]),
        ]
    )
    return DashboardPage(
        title=t("演示：质控驾驶舱", "Demonstration: cockpit"),
        purpose=t("本月哪些指标没有达标，从哪里查起。", "Which indicators miss their target this month, and why."),
        crumbs=crumbs(),
        tiles=tiles()[-1:] if state == "empty" else tiles(),
        filters=bar,
    )


def reading_page(_request: HttpRequest, _state: str) -> ReadingPage:
    scale = [("0", t("无", "none")), ("1", t("轻", "slight")), ("2", t("中", "moderate")), ("3", t("重", "severe"))]
    names = [("noise", "噪声", "Noise"), ("motion", "运动伪影", "Motion"), ("range", "范围不足", "Range too short"),
             ("position", "体位偏差", "Positioning")]  # fmt: skip
    grades = [("a", t("甲", "A")), ("b", t("乙", "B")), ("c", t("丙", "C")), ("d", t("废", "Reject"))]
    return ReadingPage(
        title=t("演示：阅片 37 / 100", "Demonstration: reading 37 / 100"),
        crumbs=crumbs(),
        stage=stage(),
        items=[SheetItem(name, t(zh, en), scale, "0" if name == "noise" else "") for name, zh, en in names],
        grades=grades,
        progress=Progress(37, 100, t("进度", "Progress")),
        exit_url=reverse("ui:gallery"),
    )


PAGES: dict[str, tuple[Callable[[HttpRequest, str], Page], tuple[str, ...]]] = {
    "list": (list_page, ("full", "empty", "error", "loading", "long")),
    "thing": (thing_page, ("full", "empty", "long")),
    "form": (form_page, ("full", "error", "long", "hand", "groups")),
    "sheet": (sheet_page, ("full", "empty", "error", "long")),
    "board": (board_page, ("full", "empty", "long")),
    "room": (room_page, ("full", "empty", "long")),
    "dashboard": (dashboard_page, ("full", "empty")),
    "reading": (reading_page, ("full",)),
}
