"""Pixels of one frame: decoded, rescaled to real units, or made ready for the screen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut

from imagingqc.dicom.codecs import LOSSY_SYNTAXES, Decoded, decode_frame
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.dicom.header import declared_shape, object_uid
from imagingqc.dicom.model import Fact, Instance
from imagingqc.dicom.native import SYNTAXES, native_frame
from imagingqc.dicom.sizes import check_complete, check_limits
from imagingqc.dicom.source import open_source
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import AnyArray, Image2D

_BEYOND_MEASURE = 1e18  # and far enough from the end of float32 to compute with
_EXACT = 2**23  # float32 holds the sum of a number of 16 bits and any whole number below this
_GREY = frozenset({"MONOCHROME1", "MONOCHROME2", ""})
_CT_CLASSES = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")


def decode(instance: Instance, frame: int = 0) -> Image2D:
    """One grey frame (0-based) in real units: stored value x Rescale Slope + Rescale Intercept, float32.

    `unit` is "HU" for CT (by Rescale Type or class), else the Rescale Type, "stored" without a rescale.  MONOCHROME1 is
    kept as stored and told by `photometric`.  `padding` marks Pixel Padding Value up to its Range Limit.
    Raises AnalysisError `colour_image`; DataError `not_an_image`, `no_such_frame`, `file_changed` and whatever
    `header.read_instance` and `codecs.decode_frame` refuse.
    Source: PS3.3 C.11.1 (modality LUT), C.7.5.1.1.2 (padding), C.7.6.16.2.9 (per-frame rescale).
    """
    if (instance.text("PhotometricInterpretation") or "") not in _GREY or (
        instance.number("SamplesPerPixel") or 1
    ) != 1:
        raise AnalysisError("colour_image")
    stored = _stored(instance, frame).values
    facts = _frame_facts(instance, frame)
    slope, intercept = _number(facts, "RescaleSlope"), _number(facts, "RescaleIntercept")
    pixels = _rescaled(stored, 1.0 if slope is None else slope, intercept or 0.0)
    return Image2D(
        pixels=pixels,
        stored=stored,
        unit=_unit(instance, facts, rescaled=slope is not None),
        spacing_mm=instance.frames[frame].spacing_mm,
        bits_stored=int(_number(facts, "BitsStored") or stored.dtype.itemsize * 8),
        photometric=instance.text("PhotometricInterpretation") or "MONOCHROME2",
        padding=_padding(stored, facts),
    )


def decode_rgb(instance: Instance, frame: int = 0) -> NDArray[np.uint8]:
    """One frame for display, uint8 (rows, columns, 3): colour as it is, palettes applied, grey through `display_8bit`.

    Raises DataError as `decode` does.
    """
    photometric = instance.text("PhotometricInterpretation") or ""
    if photometric in _GREY and (instance.number("SamplesPerPixel") or 1) == 1:
        grey = display_8bit(decode(instance, frame), header_window(instance, frame))
        return np.repeat(grey[..., np.newaxis], 3, axis=2)
    decoded = _stored(instance, frame, as_rgb=True)
    values = _palette(instance, decoded.values) if photometric == "PALETTE COLOR" else decoded.values
    if values.ndim != 3 or values.shape[2] < 3:
        raise DataError("decode_failed")
    if values.dtype != np.uint8:
        bits = int(instance.number("BitsStored") or values.dtype.itemsize * 8)
        values = np.right_shift(values.astype(np.uint64), max(0, bits - 8))
    return np.clip(values[..., :3], 0, 255).astype(np.uint8)


def display_8bit(image: Image2D, window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """A grey picture for the screen, uint8, white is high: `window` (centre, width), else 1st to 99th percentile.

    MONOCHROME1 is inverted and padding is black.
    Source: PS3.3 C.11.2.1.2 (linear window), PS3.3 C.7.6.3.1.2 (photometric interpretation).
    """
    real = image.pixels if image.padding is None else image.pixels[~image.padding]
    if window is not None and window[1] >= 1:
        low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    elif real.size:
        low, high = (float(v) for v in np.percentile(real, (1, 99)))
    else:
        low, high = 0.0, 1.0
    scaled = np.clip((image.pixels - low) / max(high - low, 1e-6), 0, 1) * 255
    grey: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    if image.photometric == "MONOCHROME1":
        grey = (255 - grey).astype(np.uint8)
    if image.padding is not None:
        grey[image.padding] = 0
    return grey


def header_window(instance: Instance, frame: int = 0) -> tuple[float, float] | None:
    """The first window (centre, width) that the header gives for the frame, in real units; None without one."""
    facts = _frame_facts(instance, frame)
    centre, width = _number(facts, "WindowCenter"), _number(facts, "WindowWidth")
    return (centre, width) if centre is not None and width is not None and width >= 1 else None


def pixel_hash(instance: Instance, frame: int = 0) -> str:
    """SHA-256 (hex) of the decoded stored values with their shape and type: equal for true copies in any syntax.

    Raises DataError as `decode` does; colour is hashed as stored.
    """
    values = _stored(instance, frame).values
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    digest = hashlib.sha256(f"{values.shape}{values.dtype.kind}{values.dtype.itemsize}".encode())
    digest.update(little.tobytes())
    return digest.hexdigest()


def is_lossy(instance: Instance) -> bool | None:
    """Whether the pixels ever went through lossy compression; None when the header does not say.

    Lossy Image Compression (0028,2110) is "01" for ever once anything was lost, "00" if nothing was; a transfer syntax
    that always loses outweighs it, one that may lose (JPEG 2000, JPEG-LS near-lossless) leaves it to the header.
    Source: PS3.3 C.7.6.1.1.5, PS3.5 annex A.4.
    """
    if instance.transfer_syntax_uid in LOSSY_SYNTAXES:
        return True
    stated = (instance.text("LossyImageCompression") or "").strip()
    return {"00": False, "0": False, "01": True, "1": True}.get(stated)


# --- inside -------------------------------------------------------------------------------------


def _stored(instance: Instance, frame: int, *, as_rgb: bool = False) -> Decoded:
    if not instance.frames:
        raise DataError("not_an_image")
    if not 0 <= frame < len(instance.frames):
        raise DataError("no_such_frame", frame=frame)
    if instance.transfer_syntax_uid in SYNTAXES and not as_rgb:
        plain = native_frame(instance.path, instance.sop_uid, instance.facts, frame)
        if plain is not None:
            return Decoded(plain, str(instance.facts.get("PhotometricInterpretation", "")))
    with open_source(instance.path) as source:
        try:
            with quiet():
                if object_uid(source) != instance.sop_uid or not source.pixel:
                    raise DataError("file_changed")
                shape = declared_shape(instance.facts, source.pixel.keyword)
                check_limits(shape, source.size)
                check_complete(source.stream, source.size, source.pixel, shape)
                return decode_frame(source, shape, frame, as_rgb=as_rgb)
        except PARSER_ERRORS as exc:
            raise DataError("decode_failed") from exc


def _rescaled(stored: AnyArray, slope: float, intercept: float) -> NDArray[np.float32]:
    """Real values as float32; DataError `decode_failed` for floating pixels that are no numbers or beyond measure."""
    short = stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2
    if short and slope == 1 and intercept.is_integer() and abs(intercept) < _EXACT:
        whole = stored.astype(np.float32)  # nothing to round: no way through float64
        whole += np.float32(intercept)
        return whole
    with np.errstate(over="ignore", invalid="ignore"):
        pixels = np.asarray(stored * slope + intercept, dtype=np.float32)
    if not (np.abs(pixels) < _BEYOND_MEASURE).all():
        raise DataError("decode_failed")
    return pixels


def _frame_facts(instance: Instance, frame: int) -> Mapping[str, Fact]:
    if not 0 <= frame < len(instance.frames):
        raise DataError("no_such_frame", frame=frame)
    return {**instance.facts, **instance.frames[frame].facts}


def _number(facts: Mapping[str, Fact], keyword: str) -> float | None:
    value = facts.get(keyword)
    if isinstance(value, tuple):
        value = value[0] if value else None
    return float(value) if isinstance(value, int | float) else None


def _unit(instance: Instance, facts: Mapping[str, Fact], *, rescaled: bool) -> str:
    declared = str(facts.get("RescaleType", ""))
    if declared not in {"", "US"}:  # US = unspecified
        return declared
    if instance.modality == "PT" and "Units" in facts:
        return str(facts["Units"])
    if not rescaled:
        return "stored"
    is_ct = instance.sop_class_uid in _CT_CLASSES and instance.modality == "CT"
    return "HU" if is_ct and _is_original(instance) else (declared or "US")


def _is_original(instance: Instance) -> bool:
    """CT values are Hounsfield units unless the picture is a localizer (PS3.3 C.8.2.1.1.2)."""
    return "LOCALIZER" not in {t.upper() for t in instance.texts("ImageType")}


def _padding(stored: AnyArray, facts: Mapping[str, Fact]) -> NDArray[np.bool_] | None:
    """Where pixels are padding: from Pixel Padding Value to Range Limit, in whichever order they stand."""
    value, limit = _number(facts, "PixelPaddingValue"), _number(facts, "PixelPaddingRangeLimit")
    if value is None:
        return None
    low, high = sorted((value, value if limit is None else limit))
    if stored.dtype.kind == "i":  # the padding of signed pixels is sometimes written unsigned, and read so
        span = 1 << (8 * stored.dtype.itemsize)
        low, high = sorted(v - span if v >= span / 2 else v for v in (low, high))
    mask: NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return mask


def _palette(instance: Instance, indexes: AnyArray) -> AnyArray:
    """Colours of palette indexes through the tables in the file (PS3.3 C.7.9)."""
    with open_source(instance.path) as source:
        try:
            with quiet():
                values = np.asarray(apply_color_lut(indexes, source.dataset))
        except PARSER_ERRORS as exc:
            raise DataError("decode_failed") from exc
    return (values >> 8).astype(np.uint8) if values.dtype == np.uint16 else values
