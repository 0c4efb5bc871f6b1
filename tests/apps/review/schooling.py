"""The teaching library for tests: cases of a few bytes, exercises, answers."""

import io

from django.conf import settings
from PIL import Image
from tests.apps.review.making import make_reader

from yingheng.common.clock import now
from yingheng.review.models import AttemptAnswer, TeachingCase, TeachingCopy
from yingheng.review.services.exercising import (
    ExerciseFields,
    answer_give,
    answer_save,
    attempt_begin,
    exercise_make,
)
from yingheng.review.services.teaching import (
    NewImage,
    TeachingFields,
    case_check,
    case_make,
    case_publish,
)
from yingheng.tenancy.permissions import REVIEW_LEARN
from yingheng.tenancy.scope import Scope

BOX = {"series": 0, "index": 0, "shape": {"kind": "rect", "points": [[10, 10], [30, 40]]}, "defect": "D-DX-001",
       "note": ""}  # fmt: skip
FAULT = "D-DX-001"


def png(side=32):
    out = io.BytesIO()
    Image.new("L", (side, side), 90).save(out, "PNG")
    return out.getvalue()


def image(series=0, index=0, **more):
    fixed = {
        "data": f"frame {series} {index}".encode(),
        "picture": png(),
        "modality": "DX",
        "rows": 160,
        "columns": 128,
    }
    return NewImage(series=series, index=index, **fixed | more)


def told(**more):
    fixed = {"kind": "defect", "title": "左肺尖未包全", "modality": "DX", "body_part": "CHEST", "position": "CH-PA",
             "defects": [FAULT], "explanation": "上缘切掉肺尖。", "grade": "b", "basis_reason": "专家一致意见",
             "marks": [BOX]}  # fmt: skip
    return TeachingFields(**fixed | more)


def people(hospital, prefix="t"):
    """(writer, checker): two who build the library."""
    return make_reader(hospital, f"{prefix}writer", "qc_officer"), make_reader(hospital, f"{prefix}checker", "head")


def draft(organisation, writer, *, images=None, **more):
    return case_make(
        actor=writer.actor, organisation=organisation, told=told(**more), images=images or [image(), image(0, 1)]
    )


def checked(case, checker, unread=()):
    looked = [str(pk) for pk in case.images.values_list("pk", flat=True)]
    return case_check(actor=checker.actor, case=case, looked=looked, unread=list(unread))


def published(organisation, pair, **more):
    case = draft(organisation, pair[0], **more)
    checked(case, pair[1])
    return case_publish(actor=pair[1].actor, case=case)


def standard(organisation, pair, **more):
    fixed = {"kind": "standard", "title": "胸部正位标准片", "defects": [], "marks": [], "grade": "a"}
    return published(organisation, pair, **fixed | more)


def exercise(organisation, actor, cases, **more):
    fixed = {"title": "胸片练习", "mode": "learn", "pass_mark": 80, "cases": [str(one.pk) for one in cases]}
    return exercise_make(
        actor=actor, organisation=organisation, learns=Scope.of_organisation(organisation),
        told=ExerciseFields(**fixed | more),
    )  # fmt: skip


def answered(user, attempt, place, **said):
    row = AttemptAnswer.objects.filter(attempt=attempt, place=place).first()
    answer_save(user=user, attempt=attempt, place=place, told=said, revision=row.revision if row else 0)
    return answer_give(user=user, attempt=attempt, place=place)


def begun(user, exercise):
    return attempt_begin(user=user, exercise=exercise)


def learns(user):
    return Scope.of_user(user, REVIEW_LEARN)


def make_teaching(hospital, code):
    """Ids for tables of addresses: a draft case, a published one, an exercise and an attempt of its own person."""
    pair = people(hospital, f"school-{code}-")
    shown = published(hospital, pair)
    work = draft(hospital, pair[0])
    row = exercise(hospital, pair[0].actor, [shown])
    attempt = begun(pair[0], row)
    copy = TeachingCopy.objects.create(
        organisation=hospital, n_images=1, told={"title": "x"}, state="failed", error="review.teaching_gone",
        made_by_id=str(pair[0].pk), made_by_name=str(pair[0]), made_at=now(), finished_at=now(),
    )  # fmt: skip
    return {
        "teaching_copy": copy.pk,
        "teaching": shown.pk,
        "teaching_draft": work.pk,
        "exercise": row.pk,
        "attempt": attempt.pk,
    }


def stored_files():
    """Every byte in the store of documents."""
    folder = settings.YINGHENG_HOME / "documents"
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def texts_of_rows():
    return [str(row) for row in TeachingCase.objects.values()]
