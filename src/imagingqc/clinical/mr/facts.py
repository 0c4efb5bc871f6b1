"""The header facts of an MR series that tell what kind of sequence it is."""

from __future__ import annotations

from dataclasses import dataclass

from imagingqc.dicom.model import Instance, Series, Slice

KEYWORDS = (
    "ImageType", "ScanningSequence", "SequenceVariant", "ScanOptions", "MRAcquisitionType", "SequenceName",
    "PulseSequenceName", "EchoPulseSequence", "AcquisitionContrast", "RepetitionTime", "EchoTime", "InversionTime",
    "FlipAngle", "EchoTrainLength", "MagneticFieldStrength", "DiffusionBValue", "AngioFlag",
    "SpectrallySelectedSuppression", "ContrastBolusAgent", "SeriesDescription", "ProtocolName",
)  # fmt: skip

ENHANCED = frozenset({"1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.4"})


@dataclass(frozen=True, slots=True)
class SequenceFacts:
    """Times in ms, flip angle in degrees, field in T, b-values in s/mm2; None where the header is silent."""

    image_type: frozenset[str]
    scanning: frozenset[str]
    options: frozenset[str]
    variant: frozenset[str]
    text: str
    tr: float | None
    te: float | None
    ti: float | None
    flip: float | None
    echo_train: float | None
    field: float | None
    b_value: float | None
    acquisition: str
    contrast_tag: bool
    angio: bool
    suppression: str
    stated_contrast: frozenset[str]

    @property
    def inverted(self) -> bool:
        """An inversion is stated by the sequence or by an inversion time."""
        return "IR" in self.scanning or bool(self.ti)

    @property
    def gradient(self) -> bool:
        return "GR" in self.scanning and "SE" not in self.scanning

    @property
    def planar(self) -> bool:
        return "EP" in self.scanning


def sequence_facts(series: Series, pieces: list[Slice]) -> SequenceFacts:
    """Facts of the first instance; the b-value is the largest of all frames, the echo time the shortest."""
    first = series.first
    b_values = _frame_numbers(pieces, "DiffusionBValue")
    echo_times = _frame_numbers(pieces, "EchoTime")
    times = {k: _frame_numbers(pieces, k) for k in ("RepetitionTime", "InversionTime", "FlipAngle")}
    texts = (*first.texts("SeriesDescription"), *first.texts("ProtocolName"))
    return SequenceFacts(
        image_type=_upper(first, "ImageType"),
        scanning=_upper(first, "ScanningSequence") | _enhanced_scanning(first),
        options=_upper(first, "ScanOptions"),
        variant=_upper(first, "SequenceVariant"),
        text=(texts[0] if texts else "").lower(),
        tr=min(times["RepetitionTime"], default=None),
        te=min(echo_times, default=None),
        ti=max(times["InversionTime"], default=None),
        flip=max(times["FlipAngle"], default=None),
        echo_train=first.number("EchoTrainLength"),
        field=first.number("MagneticFieldStrength"),
        b_value=max(b_values, default=None),
        acquisition=(first.text("MRAcquisitionType") or "").upper(),
        contrast_tag=bool((first.text("ContrastBolusAgent") or "").strip()),
        angio=(first.text("AngioFlag") or "").upper() == "Y",
        suppression=(first.text("SpectrallySelectedSuppression") or "").upper(),
        stated_contrast=_stated_contrast(first),
    )


def _upper(instance: Instance, keyword: str) -> frozenset[str]:
    return frozenset(value.strip().upper() for value in instance.texts(keyword) if value.strip())


def _stated_contrast(instance: Instance) -> frozenset[str]:
    """Acquisition Contrast, or its place in the Image Type of enhanced MR (third value; PS3.3 C.8.13.3.1)."""
    found = set(_upper(instance, "AcquisitionContrast"))
    kind = instance.texts("ImageType")
    if instance.sop_class_uid in ENHANCED and len(kind) > 2:
        found.add(kind[2].strip().upper())
    return frozenset(found)


def _enhanced_scanning(instance: Instance) -> frozenset[str]:
    """Enhanced MR writes Echo Pulse Sequence SPIN / GRADIENT / BOTH (PS3.3 C.8.13.4) instead of SE / GR."""
    written = {"SPIN": {"SE"}, "GRADIENT": {"GR"}, "BOTH": {"SE", "GR"}}
    found = set(written.get((instance.text("EchoPulseSequence") or "").upper(), set()))
    if (instance.text("InversionRecovery") or "").upper() == "YES":
        found.add("IR")
    return frozenset(found)


def _frame_numbers(pieces: list[Slice], keyword: str) -> list[float]:
    """The number at every frame, else at its instance; zero inversion times are "none"."""
    out: list[float] = []
    for piece in pieces:
        frames = piece.instance.frames
        own = frames[piece.frame].facts.get(keyword) if piece.frame < len(frames) else None
        value = own if isinstance(own, int | float) else piece.instance.number(keyword)
        if value is not None:
            out.append(float(value))
    return out
