"""Facts of any image series: lossy compression, patients mixed in one series, stacks, damaged attributes."""

from __future__ import annotations

from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder, tags
from imagingqc.dicom.model import Instance, Series, Slice
from imagingqc.quantity import Evidence, Measurement

IMAGE_MODALITIES = frozenset({"CT", "MR", "DX", "CR", "MG", "XA", "RF", "US", "NM", "PT", "PX", "IO"})

# Transfer syntaxes that always lose (JPEG baseline and extended; MPEG-2, MPEG-4, HEVC), PS3.5 annex A.4
ALWAYS_LOSSY = frozenset(
    [f"1.2.840.10008.1.2.4.{n}" for n in ("50", "51", "100", "101", "102", "103", "104", "105", "106", "107", "108")]
)


def is_lossy(instance: Instance) -> bool | None:
    """Has this image ever been compressed with loss?  None when the header does not say.

    Lossy Image Compression (0028,2110) is "01" for ever once anything was lost, "00" if nothing was
    (PS3.3 C.7.6.1.1.5); a transfer syntax that always loses outweighs it.
    """
    if instance.transfer_syntax_uid in ALWAYS_LOSSY:
        return True
    stated = instance.text("LossyImageCompression")
    return {"00": False, "01": True, "0": False, "1": True}.get((stated or "").strip())


def _lossy(series: Series, _stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    record = recorder(("any.lossy", "1"), [Slice(i, 0, None) for i in series.instances])
    verdicts = {instance.sop_uid: is_lossy(instance) for instance in series.instances}
    lossy = [instance for instance in series.instances if verdicts[instance.sop_uid]]
    if lossy:
        shape = tags(lossy[0], ["LossyImageCompression", "LossyImageCompressionMethod", "LossyImageCompressionRatio"])
        place = Evidence(series.uid, lossy[0].sop_uid, None, shape)
        return [record.value("image.lossy", value=True, evidence=place)]
    if None in verdicts.values():
        return [record.refuse("image.lossy", "missing_tag", tag="LossyImageCompression")]
    return [record.value("image.lossy", value=False)]


def _contents(series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    record = recorder(("any.contents", "1"), [Slice(i, 0, None) for i in series.instances])
    patients = {(i.text("IssuerOfPatientID"), i.text("PatientID")) for i in series.instances}
    problems = {(p.keyword, p.reason.code) for i in series.instances for p in i.problems}
    rows = [{"keyword": keyword, "value": code} for keyword, code in sorted(problems)]
    shown = Evidence(series.uid, None, None, {"kind": "tags", "tags": rows})
    out = [
        record.value("series.stacks", len(stacks)),
        record.value("series.header_problems", len(problems), evidence=shown),
    ]
    if any(number is None for _, number in patients):
        return [record.refuse("series.patients", "missing_tag", tag="PatientID"), *out]
    return [record.value("series.patients", len(patients)), *out]


METHODS = (
    SeriesMethod("any.lossy", "1", IMAGE_MODALITIES, needs_pixels=False, quantities=("image.lossy",), run=_lossy),
    SeriesMethod(
        "any.contents", "1", IMAGE_MODALITIES, needs_pixels=False,
        quantities=("series.patients", "series.stacks", "series.header_problems"), run=_contents,
    ),
)  # fmt: skip
