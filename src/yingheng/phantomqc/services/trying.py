"""Images of a phantom whose test nobody knows: the tests that may be tried on the pixels, and one proposed.

A trial measures and throws the numbers away: nothing is judged, kept or put on a course before a person confirms.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from imagingqc.dicom import model as dicom
from imagingqc.phantom.model import PhantomTest
from imagingqc.phantom.registry import TESTS
from imagingqc.phantom.run import analyse
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.phantomqc.models import Occasion, PhantomCase
from yingheng.phantomqc.services.recognising import case_route
from yingheng.phantomqc.services.running import case_series

State = PhantomCase.State
MOST_SECONDS = 60.0  # in all: no test is begun after that
MOST_IMAGES = 1500  # as many as no phantom needs: decoding them all would take too long


def plausible(modality: str) -> list[PhantomTest]:
    """The tests for images of a modality; those that take any even object come last."""
    return sorted((t for t in TESTS if modality in t.modalities), key=lambda t: t.general)


def case_try(*, case_id: UUID | str, most_seconds: float = MOST_SECONDS) -> PhantomCase | None:
    """Try the plausible tests on a case whose test nobody knows; None when somebody knows meanwhile.

    `PhantomCase.trial` then holds {"tried": [{"test", "version", "accepted", "phantom", "reason_code",
    "reason_values"}], "left_out": names of tests not tried in the time, "proposed": a name or "", "at"}.  Proposed is
    the only test that accepts the images with its parameters as they are by default; of tests that know their phantom
    and those that take any even object the former.  Raises NotFound, Invalid or DataError as `running.case_run`.
    """
    case = PhantomCase.objects.select_related("exam", "hospital").filter(pk=case_id, state=State.UNKNOWN).first()
    if case is None:
        return None
    tests = plausible(case.modality)
    series, _inputs = case_series(case) if tests else ([], "")
    if sum(len(one.instances) for one in series) > MOST_IMAGES:
        tried, left_out = [], tests
    else:
        tried, left_out = _try(tests, series, most_seconds)
    trial = {
        "tried": tried,
        "left_out": [t.name for t in left_out],
        "proposed": "" if left_out else _proposed(tried),
        "at": now().isoformat(),
    }
    with transaction.atomic():
        row = PhantomCase.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
        if row.state != State.UNKNOWN:
            return None
        row.trial = trial
        row.save(update_fields=["trial"])
    return row


def _try(
    tests: Sequence[PhantomTest], series: Sequence[dicom.Series], most_seconds: float
) -> tuple[list[dict[str, Any]], list[PhantomTest]]:
    until = time.monotonic() + most_seconds
    tried: list[dict[str, Any]] = []
    for n, test in enumerate(tests):
        if time.monotonic() >= until:
            return tried, list(tests[n:])
        result = analyse(test, series)
        reason = result.refused
        tried.append(
            {
                "test": test.name,
                "version": test.version,
                "accepted": result.found is not None,
                "phantom": result.found.phantom if result.found else "",
                "reason_code": reason.code if reason else "",
                "reason_values": dict(reason.values) if reason else {},
            }
        )
    return tried, []


def _proposed(tried: Sequence[Mapping[str, Any]]) -> str:
    general = {t.name for t in TESTS if t.general}
    accepted = [one["test"] for one in tried if one["accepted"]]
    known = [name for name in accepted if name not in general]
    several = known or accepted
    return several[0] if len(several) == 1 else ""


def trial_confirm(*, actor: Actor, case: PhantomCase, test_type: str = Occasion.CONSTANCY) -> PhantomCase:
    """A person confirms the test that the trial proposed: it is analysed and judged now.  Conflict without one."""
    proposed = case.trial.get("proposed") if case.state == State.UNKNOWN else ""
    if not proposed:
        raise Conflict("phantomqc.nothing_proposed")
    return case_route(actor=actor, case=case, test=proposed, test_type=test_type, series=case.series, parameters={})
