"""Matrix, view and laterality of projection images, from their headers, per image."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.per_image import per_image
from imagingqc.clinical.results import tags
from imagingqc.dicom.model import Instance
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "dx.tags", "1"
QUANTITIES = ("dx.matrix.min", "dx.view", "dx.laterality")


@cache
def view_values() -> dict[str, str]:
    """Normalised view by the text that vendors write, upper case, from `views.tsv`."""
    text = files("imagingqc.clinical.dx").joinpath("views.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:] if line]
    return {row[0]: row[1] for row in rows}


def view(instance: Instance) -> str | None:
    """Normalised View Position (0018,5101): AP, PA, LAT, LL, RL, OBL ...; None when absent or not known."""
    stated = (instance.text("ViewPosition") or "").strip().upper()
    return view_values().get(stated)


def laterality(instance: Instance) -> tuple[str | None, bool]:
    """(L, R, B or U; whether Image Laterality and Laterality contradict each other)."""
    image = (instance.text("ImageLaterality") or "").strip().upper() or None
    series = (instance.text("Laterality") or "").strip().upper() or None
    contradiction = image in {"L", "R"} and series in {"L", "R"} and image != series
    return image or series, contradiction


def _measure(record: Recorder, instance: Instance) -> list[Measurement]:
    place = Evidence(instance.series_uid, instance.sop_uid, None, tags(
        instance, ["ViewPosition", "ImageLaterality", "Laterality", "BodyPartExamined"]
    ))  # fmt: skip
    record = Recorder(record.method, record.version, record.sources, place)
    matrix = record.value("dx.matrix.min", min(instance.rows, instance.columns))
    return [matrix, _view(record, instance), _laterality(record, instance)]


def _view(record: Recorder, instance: Instance) -> Measurement:
    stated = (instance.text("ViewPosition") or "").strip()
    if not stated:
        return record.refuse("dx.view", "missing_tag", tag="ViewPosition")
    name = view(instance)
    if name is None:
        return record.refuse("dx.view", "unknown_value", tag="ViewPosition", value=stated)
    return record.value("dx.view", name)


def _laterality(record: Recorder, instance: Instance) -> Measurement:
    side, contradiction = laterality(instance)
    if contradiction:
        values = f"{instance.text('ImageLaterality')} / {instance.text('Laterality')}"
        return record.refuse("dx.laterality", "contradictory_tags", tags="ImageLaterality, Laterality", values=values)
    if side is None:
        return record.refuse("dx.laterality", "missing_tag", tag="ImageLaterality")
    if side not in {"L", "R", "B", "U"}:
        return record.refuse("dx.laterality", "unknown_value", tag="ImageLaterality", value=side)
    return record.value("dx.laterality", side)


METHOD = SeriesMethod(
    NAME,
    VERSION,
    frozenset({"DX", "CR"}),
    needs_pixels=False,
    quantities=QUANTITIES,
    run=per_image((NAME, VERSION), _measure),
)
