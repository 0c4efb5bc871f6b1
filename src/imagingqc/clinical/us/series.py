"""Frames, probes and scale of an ultrasound series, from the headers."""

from __future__ import annotations

from collections.abc import Sequence

from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder, tags
from imagingqc.clinical.us.picture import flat_regions, probe_name
from imagingqc.dicom.model import Instance, Series
from imagingqc.quantity import Evidence, Measurement

NAME, VERSION = "us.series", "1"
FRAMES, SCALED, PROBES = "us.frames", "us.scaled", "us.probes"


def has_scale(instance: Instance) -> bool:
    """Whether a two-dimensional region of (0018,6011) is calibrated in cm, so that lengths can be measured."""
    return any(region.spacing_mm for region in flat_regions(instance) or ())


def _run(_series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    pieces = [piece for stack in images(stacks) for piece in stack.slices]
    instances = list({piece.instance.sop_uid: piece.instance for piece in pieces}.values())
    record = recorder((NAME, VERSION), pieces)
    scaled = [instance for instance in instances if has_scale(instance)]
    share = 100 * len(scaled) / len(instances)
    bare = next((i for i in instances if i not in scaled), None)
    place = Evidence(bare.series_uid, bare.sop_uid) if bare else None
    names = {name for instance in instances if (name := probe_name(instance))}
    out = [record.value(FRAMES, len(pieces)), record.value(SCALED, share, evidence=place)]
    if not names:
        return [*out, record.refuse(PROBES, "missing_tag", tag="TransducerData")]
    return [*out, record.value(PROBES, tuple(sorted(names)), evidence=_named(instances))]


def _named(instances: Sequence[Instance]) -> Evidence:
    first = next(instance for instance in instances if probe_name(instance))
    return Evidence(first.series_uid, first.sop_uid, None, tags(first, ["TransducerData", "TransducerType"]))


METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"US"}), needs_pixels=False, quantities=(FRAMES, SCALED, PROBES), run=_run
)
