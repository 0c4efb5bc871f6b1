"""Operators for tests of others."""

from yingheng.catalog.models import ExamOperator, Operator
from yingheng.catalog.services.operators import operators_ensure


def make_operator(exam, text="无名氏", source="header"):
    """An operator whom an exam names; nothing else follows from it."""
    pk = operators_ensure(exam.hospital, [text])[text]
    ExamOperator.objects.create(exam=exam, operator_id=pk, source=source)
    Operator.objects.filter(pk=pk).update(n_exams=1, first_seen=exam.sort_at, last_seen=exam.sort_at)
    return Operator.objects.select_related("hospital").get(pk=pk)
