"""An exercise in the world of the viewer's tests: two chest films of the library, for wang to grade."""

TITLE = "键盘练习"


def school(hospital) -> None:
    """Two published cases with copies of real bytes, and an exercise.  Runs in the server's process."""
    from tests.apps.review.making import make_reader  # noqa: PLC0415 - Django starts first
    from tests.apps.review.schooling import checked, exercise, told  # noqa: PLC0415

    from yingheng.catalog.models import Exam  # noqa: PLC0415
    from yingheng.catalog.selectors import series_of_exam  # noqa: PLC0415
    from yingheng.review.copying import Pick, copies  # noqa: PLC0415
    from yingheng.review.services.teaching import case_make, case_publish  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    scope = Scope.of_organisation(hospital)
    writer, checker = (make_reader(hospital, name, "head") for name in ("schoolwriter", "schoolchecker"))
    cases = []
    for n, grade in ((3, "b"), (4, "a")):
        exam = Exam.objects.get(hospital=hospital, accession=f"VIEW-{n}")
        series = series_of_exam(scope, exam)[0]
        images = copies(scope, [Pick(series, 1, 1)]).images
        fields = told(grade=grade, title=f"胸片 {n}", kind="defect" if grade == "b" else "standard",
                      defects=["D-DX-001"] if grade == "b" else [], marks=[])  # fmt: skip
        case = case_make(actor=writer.actor, organisation=hospital, told=fields, images=images)
        checked(case, checker, [str(pk) for pk in case.images.values_list("pk", flat=True)])
        cases.append(case_publish(actor=checker.actor, case=case))
    exercise(hospital, writer.actor, cases, title=TITLE)
