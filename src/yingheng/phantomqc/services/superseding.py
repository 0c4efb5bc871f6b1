"""What a case said of its device counts no more: it was matched to another test, or put aside.

What is stored stays: runs, verdicts, submitted tests.  Nothing that follows from a failed test is undone by itself:
a restriction stays until a later test passes or a person decides, and those concerned are told.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import override

from yingheng.audit.actor import Actor
from yingheng.common.ids import uuid7
from yingheng.evidence.models import Assessment, QuantityPoint
from yingheng.evidence.services import measured_retire, unasked_retire
from yingheng.notify.services import notify
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, ItemValue, PhantomCase, Restriction
from yingheng.phantomqc.naming import KIND, subject_of_case
from yingheng.phantomqc.services.running import evidence_again, runs_that_hold
from yingheng.schedule.kinds import Ref
from yingheng.schedule.services import due_reopen

SUPERSEDED = "体模图像已改归其他检测或被搁置 · the images of the phantom were matched to another test or put aside"


def case_superseded(*, actor: Actor, case: PhantomCase, reason: str) -> None:
    """Take away what the runs of a case say of its device; runs in the transaction that puts the case aside.

    Its numbers leave the course.  Its verdicts give way to those of the last exam of the same test that still counts;
    without one they stop counting and their findings are closed with the reason.  What its submitted tests had done is
    due again, and engineers and quality officers are told of every submitted test that rests on it.
    """
    QuantityPoint.objects.filter(subject_id=case.pk).delete()
    if case.run_id is None:
        return
    _evidence(case)
    for test in submitted_with(case):
        due_reopen(by=Ref(KIND, test.pk))
        _tell(actor, test, reason)


def _evidence(case: PhantomCase) -> None:
    subject = subject_of_case(case)
    if subject is None:
        return
    keys = list(case.runs.values_list("key", flat=True))
    spoke = Assessment.objects.filter(**subject.key, is_current=True, input_hash__in=keys).exists()
    measured = measured_retire(subject=subject, input_hashes=keys)
    if not spoke and not measured:
        return
    last = runs_that_hold(case).exclude(case=case).order_by("-case__exam__sort_at", "-case__created_at").first()
    if last is None:
        unasked_retire(subject=subject, judged=[], reason=SUPERSEDED)
        return
    rows = PhantomCase.objects.select_related("hospital", "exam", "device__hospital", "run")
    evidence_again(rows.get(pk=last.case_id))


def submitted_with(case: PhantomCase) -> list[DeviceTest]:
    """The submitted tests that rest on a run of this case."""
    values = ItemValue.objects.filter(source_type=ItemValue.Source.RUN, source_id__in=case.runs.values("pk"))
    rows = DeviceTest.objects.filter(state=DeviceTest.State.SUBMITTED, pk__in=values.values("device_test_id"))
    runs = {str(pk) for pk in case.runs.values_list("pk", flat=True)}
    rows = rows.select_related("device", "hospital").order_by("local_day", "pk")
    return [test for test in rows if any(item["source_id"] in runs for item in test.items)]


def _tell(actor: Actor, test: DeviceTest, reason: str) -> None:
    kind = "device_test.superseded"
    if Restriction.objects.filter(device_test=test).exclude(state=Restriction.State.CALLED_OFF).exists():
        kind = "device_test.superseded_restricted"
    template = template_named(test.template)
    with override("zh-hans"):
        params = {
            "device": test.device.label,
            "what": template.label("zh") if template else test.template,
            "day": test.local_day.isoformat(),
            "who": actor.name,
            "why": reason or "—",
        }
    notify(
        key=f"{kind}:{test.pk}:{uuid7()}",
        kind=kind,
        params=params,
        roles=("engineer", "qc_officer"),
        scope=test.hospital.path,
        subject=f"device:{test.device_id}",
        link=reverse("phantomqc:test", args=[test.pk]),
    )
