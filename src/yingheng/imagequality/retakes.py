"""Repeated exposures seen in the images become suggestions in the register of retakes."""

from __future__ import annotations

from typing import Any

from yingheng.catalog.models import Retake
from yingheng.catalog.services import retake_suggest
from yingheng.evidence.models import MeasurementSet

REPEATS = "dx.repeats"


def suggest_retakes(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.MEASUREMENT_STORED`: an exam with the same view exposed again within minutes."""
    row = MeasurementSet.objects.filter(pk=natural_key, subject_type="exam", is_current=True).first()
    if row is None or row.exam is None:
        return
    for value in row.values:
        if value["quantity"] == REPEATS and (value["value"] or 0) >= 1:
            retake_suggest(
                exam=row.exam,
                origin=Retake.Origin.AUTOMATIC,
                n_exposures=int(value["value"]),
                details={"kind": "repeats", "names": _again(value), "objects": list(value["sources"])},
            )


def _again(value: dict[str, Any]) -> list[str]:
    rows = ((value.get("evidence") or {}).get("shape") or {}).get("rows") or ()
    return [row["name"] for row in rows if row.get("state") == "repeat"]
