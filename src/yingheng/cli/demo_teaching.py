"""The teaching library of the demonstration: a few sample exams, an exercise, and an attempt at it.

Copies, checking and scoring are done by the services that people's pages use.  Every word and answer is an entry of a
demonstration account about a fault that was planted in the sample exam.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from yingheng.cli.demo_exams import SCENES

if TYPE_CHECKING:
    from yingheng.catalog.models import Exam
    from yingheng.review.models import Exercise, TeachingCase
    from yingheng.tenancy.models import Organisation, User

_EXERCISE = "胸片与胸部 CT 质量练习（演示）"
_BASIS = "演示：样例检查中设置的缺陷，答案由演示账户填写。"


@dataclass(frozen=True)
class _Case:
    scene: str
    title: str
    grade: str
    explanation: str
    lessons: str
    defects: tuple[str, ...] = ()
    position: str = ""
    slices: int = 1
    veto: bool = False
    box: tuple[float, float, float, float] | None = None  # shares of width and height


_CASES = (
    _Case(
        "dx-chest", "胸部后前位标准片（演示）", "a",
        "曝光指数接近目标值，肺纹理与心后区均可见，双侧肋膈角包括在内。",
        "偏差指数在 ±1 以内\n双侧肋膈角与肺尖都在照射野内", position="CH-PA",
    ),
    _Case(
        "dx-chest-over", "曝光过度（演示）", "c",
        "曝光指数约为目标值的三倍，偏差指数明显为正。数字探测器上影像仍可能好看，但剂量白白增加。",
        "先看偏差指数，再看影像\n核对自动曝光电离室和体厚设置", ("D-DX-012",), "CH-PA", box=(0.3, 0.3, 0.7, 0.7),
    ),
    _Case(
        "dx-chest-under", "曝光不足，噪声明显（演示）", "b",
        "曝光指数不到目标值的一半，纵隔与膈下区域颗粒感明显。",
        "偏差指数低于 -3 时考虑重拍\n床旁检查注意摄影距离", ("D-DX-011",), "CH-PA", box=(0.35, 0.55, 0.65, 0.85),
    ),
    _Case(
        "dx-chest-clipped", "探测器饱和，软组织丢失（演示）", "waste",
        "较大面积的像素达到上限，皮肤与软组织不可恢复。",
        "饱和的像素无法靠后处理找回", ("D-DX-013",), "CH-PA", veto=True, box=(0.02, 0.3, 0.2, 0.7),
    ),
    _Case(
        "ct-chest-missing", "胸部 CT 漏层（演示）", "c",
        "层间位置不连续，缺少的层面使小结节可能漏诊。",
        "重建完成后核对层数与位置间隔", ("D-CT-011",), slices=12,
    ),
    _Case(
        "ct-chest", "胸部 CT 标准（演示）", "a",
        "层面连续，范围自肺尖至肋膈角，矩阵 512。",
        "按位置核对首末层", slices=12,
    ),
)  # fmt: skip


def teaching(code: str) -> None:
    """Cases that are written by one account and checked by another, an exercise, one attempt.  Once."""
    from django.db import transaction  # noqa: PLC0415 - after Django is set up

    from yingheng.review.models import Exercise  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation, User  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if Exercise.objects.filter(organisation=hospital, title=_EXERCISE).exists():
        return
    people = {user.username: user for user in User.objects.filter(username__in=["wang", "zhao", "zhang"])}
    with transaction.atomic():
        made = [_made(hospital, one, people) for one in _CASES]
        _draft(hospital, people["wang"])
        _attempted(_exercise(hospital, made, people["wang"]), people["zhang"])


def _exam(hospital: Organisation, scene: str) -> Exam:
    from yingheng.catalog.models import Exam  # noqa: PLC0415 - after Django is set up

    number = [one.name for one in SCENES].index(scene) + 1
    return Exam.objects.get(hospital=hospital, accession=f"DEMO-A{number:04d}")


def _copied(hospital: Organisation, exam: Exam, slices: int) -> list[Any]:
    """Copies of the middle slices of the first series with images."""
    from yingheng.catalog.selectors import series_of_exam  # noqa: PLC0415 - after Django is set up
    from yingheng.review.copying import Pick, copies  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    scope = Scope.of_organisation(hospital)
    series = next(one for one in series_of_exam(scope, exam) if one.geometry.get("rows"))
    first = max(1, (series.n_frames - slices) // 2 + 1)
    return copies(scope, [Pick(series, first, first + slices - 1)]).images


def _made(hospital: Organisation, one: _Case, people: dict[str, User]) -> TeachingCase:
    from yingheng.review.services.teaching import (  # noqa: PLC0415 - after Django is set up
        case_check,
        case_make,
        case_publish,
    )

    fields, images = _told(hospital, one)
    row = case_make(actor=people["wang"].actor, organisation=hospital, told=fields, images=images, demo=True)
    every = [str(pk) for pk in row.images.values_list("pk", flat=True)]
    case_check(actor=people["zhao"].actor, case=row, looked=every, unread=every)
    return case_publish(actor=people["zhao"].actor, case=row)


def _told(hospital: Organisation, one: _Case) -> tuple[Any, list[Any]]:
    from yingheng.review.services.teaching import TeachingFields  # noqa: PLC0415 - after Django is set up

    exam = _exam(hospital, one.scene)
    images = _copied(hospital, exam, one.slices)
    marks = []
    if one.box is not None:
        w, h = images[0].columns, images[0].rows
        corners = [[one.box[0] * w, one.box[1] * h], [one.box[2] * w, one.box[3] * h]]
        marks = [{"series": 0, "index": 0, "shape": {"kind": "rect", "points": corners}, "defect": one.defects[0],
                  "note": ""}]  # fmt: skip
    fields = TeachingFields(
        kind="defect" if one.defects else "standard",
        title=one.title,
        modality=exam.modality,
        body_part="CHEST",
        position=one.position,
        defects=one.defects,
        explanation=one.explanation,
        lessons=one.lessons,
        grade=one.grade,
        vetoed=["stated"] if one.veto else [],
        basis_reason=_BASIS,
        marks=marks,
    )
    return fields, images


def _draft(hospital: Organisation, writer: User) -> None:
    """A case that waits to be checked, so that checking can be tried."""
    from yingheng.review.services.teaching import case_make  # noqa: PLC0415 - after Django is set up

    fields, images = _told(hospital, _CASES[2])
    fields = replace(fields, title="曝光不足：等待复核（演示）")
    case_make(actor=writer.actor, organisation=hospital, told=fields, images=images, demo=True)


def _exercise(hospital: Organisation, made: list[TeachingCase], writer: User) -> Exercise:
    from yingheng.review.services.exercising import ExerciseFields, exercise_make  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    told = ExerciseFields(
        title=_EXERCISE,
        mode="learn",
        pass_mark=80,
        about="给每张片定级并指出缺陷，答完即看答案。",
        cases=[str(one.pk) for one in made],
    )
    return exercise_make(
        actor=writer.actor, organisation=hospital, learns=Scope.of_organisation(hospital), told=told, demo=True
    )


#: What the trainee of the demonstration says: one grade a step off, one defect taken for another.
_SAID: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("a", (), False),
    ("b", ("D-DX-012",), False),
    ("b", ("D-DX-046",), False),
    ("waste", ("D-DX-013",), True),
    ("c", ("D-CT-011",), False),
    ("a", (), False),
)


def _attempted(exercise: Exercise, trainee: User) -> None:
    from yingheng.review.services.exercising import (  # noqa: PLC0415 - after Django is set up
        answer_give,
        answer_save,
        attempt_begin,
        attempt_submit,
    )

    attempt = attempt_begin(user=trainee, exercise=exercise, demo=True)
    for place, (grade, defects, veto) in enumerate(_SAID, start=1):
        told = {"grade": grade, "defects": defects, "veto": veto}
        answer_save(user=trainee, attempt=attempt, place=place, told=told, revision=0)
        answer_give(user=trainee, attempt=attempt, place=place)
    attempt_submit(user=trainee, attempt=attempt)
