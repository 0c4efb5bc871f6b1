"""The short way to uncompressed pixels: the values of the full parser, or none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import uid
from tests.core.dicom.builders import ct_dataset, save
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import pixels
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.native import SYNTAXES, native_frame


def short_way(instance, frame=0):
    return native_frame(instance.path, instance.sop_uid, instance.facts, frame)


def full_parser(instance, frame, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pixels, "SYNTAXES", frozenset())
        return pixels.decode(instance, frame)


def grey(folder, bits=12, stored=12, signed=0, **facts):
    """A picture with something in the bits that are not used."""
    ds = ct_dataset(folder, **facts)
    kind = {8: "u1", 16: "<u2"}[bits]
    values = np.random.default_rng(7).integers(0, 2**bits, (ds.Rows, ds.Columns)).astype(kind)
    ds.PixelData = values.tobytes() + b"\x00" * (values.nbytes % 2)
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, stored, stored - 1, signed
    return ds


@pytest.mark.parametrize("syntax", sorted(SYNTAXES))
@pytest.mark.parametrize("bits", [(8, 8), (8, 6), (16, 16), (16, 12), (16, 1)])
@pytest.mark.parametrize("signed", [0, 1])
def test_it_gives_what_the_full_parser_gives(tmp_path, monkeypatch, syntax, bits, signed):
    ds = grey(tmp_path, *bits, signed)
    instance = read_instance(save(ds, tmp_path / "x.dcm", uid.UID(syntax)))
    plain, full = short_way(instance), full_parser(instance, 0, monkeypatch)
    assert plain is not None
    assert plain.dtype == full.stored.dtype
    assert plain.flags.writeable
    assert (plain == full.stored).all()
    assert (pixels.decode(instance).pixels == full.pixels).all()


def test_it_finds_every_frame(tmp_path, monkeypatch):
    instance = read_instance(phantoms.enhanced_mr(tmp_path, n=3))
    for frame in range(3):
        assert (short_way(instance, frame) == full_parser(instance, frame, monkeypatch).stored).all()


@settings(max_examples=15, deadline=None)
@given(
    slope=st.sampled_from([1.0, 2.0, 0.5]),
    intercept=st.sampled_from([0.0, -1024.0, 0.25, 8388607.0, -8388608.0, 3e9]),
    signed=st.sampled_from([0, 1]),
)
def test_it_rescales_to_the_nearest_float(slope, intercept, signed):
    stored = np.arange(-(2**15), 2**15, 7, dtype=np.int16).view(np.int16 if signed else np.uint16)
    found = pixels._rescaled(stored, slope, intercept)
    assert found.dtype == np.float32
    assert (found == (stored.astype(np.float64) * slope + intercept).astype(np.float32)).all()


@pytest.mark.parametrize(
    "facts",
    [
        {"PhotometricInterpretation": "MONOCHROME3"},
        {"BitsStored": 17},
        {"NumberOfFrames": 2},
        {"Rows": 4000},
        {"PixelRepresentation": None},
    ],
)
def test_it_leaves_what_is_odd_to_the_full_parser(tmp_path, facts):
    known = read_instance(save(ct_dataset(tmp_path), tmp_path / "x.dcm"))
    assert short_way(known) is not None
    ds = ct_dataset(tmp_path)
    for name, value in facts.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    save(ds, tmp_path / "x.dcm")
    assert short_way(known) is None


def test_it_reads_no_other_object_and_no_file_that_was_cut(tmp_path):
    path = save(ct_dataset(tmp_path), tmp_path / "x.dcm")
    instance = read_instance(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert short_way(instance) is None
    save(ct_dataset(tmp_path, SOPInstanceUID="1.2.3"), path)
    assert short_way(instance) is None
    path.unlink()
    assert short_way(instance) is None


def test_it_leaves_compressed_pixels_alone(tmp_path):
    ds = ct_dataset(tmp_path)
    instance = read_instance(save(ds, tmp_path / "x.dcm", uid.DeflatedExplicitVRLittleEndian))
    assert short_way(instance) is None
    assert pixels.decode(instance).pixels.shape == (ds.Rows, ds.Columns)
