"""Audits of the demonstration: requests and reports of sample exams, a sample of reports being read, one of SOP audits.

Texts are made up for the demonstration; the faults that readers find are planted in them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from yingheng.cli.demo_review import _ACTOR, _accession, _drawn, _given, _ids, _known, _people, read_as

if TYPE_CHECKING:
    from yingheng.catalog.models import Exam
    from yingheng.review.models import Assignment, Campaign, Plan
    from yingheng.tenancy.models import Organisation

_REPORTS, _SOP = "报告质量考核（演示）", "规程执行考核（演示）"
_SIGNERS = ("李医师（演示）", "陈医师（演示）")
_LEFT_OPEN = 2  # reports that wait for whoever looks at the demonstration


class Text(NamedTuple):
    """Request and report of a sample exam; `seen` is what its readers tick, `words` what the first of them marks."""

    item: str
    purpose: str
    history: str
    findings: str
    impression: str
    seen: Mapping[str, list[str]] = {}
    words: tuple[str, str, str] = ("", "", "")  # part, words, defect


TEXTS: Mapping[str, Text] = {
    "ct-chest": Text(
        "胸部CT平扫", "咳嗽 2 周，除外肺炎", "吸烟 20 年",
        "双肺纹理清晰。左肺上叶尖后段见一枚结节，大小约 12 mm × 9 mm，边缘见毛刺。右肺未见异常。纵隔未见肿大淋巴结。",
        "右肺上叶结节，建议 3 个月后复查。",
        {"consistency.faults": ["rd09"]}, ("impression", "右肺上叶结节", "RD-09"),
    ),
    "ct-chest-missing": Text(
        "胸部CT平扫", "体检发现结节，复查", "",
        "双肺见多发小结节。与前片比较，未见明显变化。纵隔居中，心影不大。",
        "双肺多发小结节，请结合临床。",
        {"structure.faults": ["rd29", "rd33"]}, ("findings", "双肺见多发小结节", "RD-29"),
    ),
    "ct-head": Text(
        "颅脑CT平扫", "头痛 3 天", "高血压病史 10 年",
        "脑实质内未见异常密度影，脑室系统大小形态正常，中线结构居中。颅骨未见骨折。",
        "颅脑 CT 平扫未见异常。",
    ),
    "ct-chest-duplicate": Text(
        "胸部CT平扫", "术后复查", "右肺下叶切除术后",
        "右肺下叶支气管通畅，右肺下叶未见异常。左肺未见异常。术区见金属缝线影。",
        "右肺术后改变。",
        {"consistency.faults": ["rd18"]}, ("findings", "右肺下叶未见异常", "RD-18"),
    ),
    "mr-head": Text(
        "颅脑MR平扫", "头晕", "",
        "双侧额叶皮层下见数枚点状 T2 高信号，FLAIR 呈高信号，DWI 未见弥散受限。脑室不大。",
        "双侧额叶少许缺血灶。",
    ),
    "mr-head-no-dwi": Text(
        "颅脑MR平扫", "突发言语不清 4 小时", "房颤",
        "脑实质信号未见明显异常，可能与 ____ 有关。脑室系统不大。",
        "未见急性期改变。",
        {"wording.faults": ["rd19"], "content.faults": ["rd43"]}, ("findings", "可能与 ____ 有关", "RD-19"),
    ),
    "dx-chest": Text(
        "胸部正位DR", "入职体检", "",
        "双肺纹理清晰，心影不大，双膈面光整，肋膈角锐利。",
        "心肺膈未见异常。",
    ),
    "dx-chest-over": Text(
        "胸部正位DR", "发热 1 天", "",
        "右肺下野见斑片状密度增高影，边缘模糊。心影不大。",
        "右肺下野炎性病变可能，建议治疗后复查。",
    ),
}  # fmt: skip


def audits(code: str) -> None:
    """Requests and reports of sample exams, and two samples of them, once."""
    from django.db import transaction  # noqa: PLC0415 - after Django is set up

    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if _known(hospital, _REPORTS):
        return
    with transaction.atomic():  # all of it or nothing: an interrupted run begins anew
        exams = _texts(hospital)
        _report_audit(hospital, exams)
        _sop_audit(hospital)


def _texts(hospital: Organisation) -> dict[str, Exam]:
    """What the information systems would have told of the exams."""
    from yingheng.catalog.models import Exam  # noqa: PLC0415 - after Django is set up
    from yingheng.catalog.services import order_record, report_record  # noqa: PLC0415
    from yingheng.registry.models import Person  # noqa: PLC0415

    people = _people("li")
    for number, name, user in (("DEMO-R1", _SIGNERS[0], people["li"]), ("DEMO-R2", _SIGNERS[1], None)):
        free = user if user and not hasattr(user, "person") else None
        Person.objects.get_or_create(
            hospital=hospital, staff_number=number,
            defaults={"name": name, "category": Person.Category.PHYSICIAN, "user": free},
        )  # fmt: skip
    named = {_accession(name): name for name in TEXTS}
    exams = Exam.objects.filter(hospital=hospital, accession__in=named).order_by("accession")
    found = {named[exam.accession]: exam for exam in exams}
    for n, (name, exam) in enumerate(found.items()):
        text, began = TEXTS[name], exam.started_at or exam.sort_at
        order_record(
            hospital=hospital, number=f"DEMO-O{n:03d}", accession=exam.accession,
            details={"requested": text.item, "purpose": text.purpose, "history": text.history,
                     "ordered_at": began - dt.timedelta(hours=2 + n), "source": "演示"},
        )  # fmt: skip
        report_record(
            exam=exam,
            details={"findings": text.findings, "impression": text.impression, "signers": [_SIGNERS[n % 2]],
                     "written_at": began + dt.timedelta(minutes=25 + 3 * n),
                     "signed_at": began + dt.timedelta(minutes=50 + 7 * n), "source": "演示"},
        )  # fmt: skip
    return found


def _report_audit(hospital: Organisation, exams: Mapping[str, Exam]) -> None:
    """All of these reports, read twice; one is corrected after the draw, two are left to be read."""
    from yingheng.catalog.services import report_record  # noqa: PLC0415 - after Django is set up
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415

    people = _people("li", "wang", "zhao", "zhang")
    sampling = SamplingSpec(allocation="all", strata=())
    reading = ReadingSpec(pool=_ids(people, "wang", "zhao"), arbiters=_ids(people, "zhang"))
    rows = _given(_drawn(_planned(hospital, _REPORTS, ("report-audit", "report"), sampling, reading)))
    corrected = exams.get("ct-chest")
    if corrected is not None:
        newest = corrected.reports.get(version=1)
        same = {name: getattr(newest, name) for name in ("findings", "signers", "written_at", "source")}
        right = TEXTS["ct-chest"].impression.replace("右肺上叶", "左肺上叶")
        later = newest.signed_at + dt.timedelta(days=1)
        report_record(exam=corrected, details={**same, "impression": right, "signed_at": later})
    names = {exam.pk: name for name, exam in exams.items()}
    open_ = {row.case_id for row in rows if names.get(row.case.exam_id) in {"ct-chest", "ct-chest-duplicate"}}
    for row in rows:
        name = names.get(row.case.exam_id, "")
        if name and row.case_id not in open_:
            _mark(row, TEXTS[name])
            read_as(row, dict(TEXTS[name].seen))


def _mark(row: Assignment, text: Text) -> None:
    """The words that show the fault, as the room marks them; the first reader alone."""
    from yingheng.common.ids import uuid7  # noqa: PLC0415 - after Django is set up
    from yingheng.review.services.reading import Drawn, assignment_open, mark_put  # noqa: PLC0415

    part, words, defect = text.words
    start = getattr(text, part).find(words) if part else -1
    if start < 0 or row.slot != 1:
        return
    shape = {"kind": "text", "part": part, "start": start, "end": start + len(words)}
    assignment_open(reader=row.reader, assignment=row)
    mark_put(reader=row.reader, assignment=row, mark_id=uuid7(), drawn=Drawn(None, None, 0, shape, defect))


def _sop_audit(hospital: Organisation) -> Campaign:
    """A few records held against their protocols, to be read."""
    from yingheng.review.spec import ReadingSpec, SamplingSpec  # noqa: PLC0415 - after Django is set up

    people = _people("wang", "zhao")
    sampling = SamplingSpec(size=4, strata=("modality",), modalities=("CT", "MR"))
    reading = ReadingSpec(readers=2, pool=_ids(people, "wang", "zhao"))
    return _drawn(_planned(hospital, _SOP, ("sop-audit", "sop"), sampling, reading))


def _planned(hospital: Organisation, name: str, words: tuple[str, str], sampling: object, reading: object) -> Plan:
    """A plan by its score sheet and what is read."""
    from yingheng.review.services.planning import PlanFields, plan_put  # noqa: PLC0415 - after Django is set up

    sheet, kind = words
    fields = PlanFields(name, "audit", sheet, "once", sampling, reading, subject_kind=kind, is_demo=True)  # type: ignore[arg-type]
    return plan_put(actor=_ACTOR, organisation=hospital, fields=fields)
