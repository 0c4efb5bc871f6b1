"""Text burned into the pixels: blacked out and looked for again, or no file at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pydicom import uid
from pydicom.dataset import Dataset
from tests.core.dicom.builders import big_endian, compressed, ct_dataset, save
from tests.core.dicom.identities import SECRET, opened, planted, refused, traces

from imagingqc.dicom.deidentify import Box, Profile, deidentify


@dataclass(frozen=True)
class Piece:
    text: str
    confidence: float
    x: float
    y: float
    width: float
    height: float


class BlockReader:
    """Reads as text whatever is at full white: the letters that the tests draw."""

    def read(self, image8):
        rows, columns = np.nonzero(image8 >= 250)
        if rows.size == 0 or rows.size > image8.size // 2:
            return ()
        x, y = columns.min(), rows.min()
        return (Piece("ZHANGSAN", 0.9, float(x), float(y), float(columns.max() - x + 1), float(rows.max() - y + 1)),)


def drawn(shape: tuple[int, int], text: str = "ZHANGSAN 1951") -> np.ndarray:
    picture = Image.new("L", (shape[1], shape[0]), 0)
    ImageDraw.Draw(picture).text((8, 6), text, fill=255)
    return np.asarray(picture) > 128


def lettered(folder: Path, modality: str = "US", *, frames: int = 1, photometric: str = "MONOCHROME2") -> Dataset:
    ds = planted(folder)
    ds.Modality, ds.Rows, ds.Columns = modality, 60, 160
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation, ds.PhotometricInterpretation = 7, 0, photometric
    values = np.full((frames, 60, 160), 100, np.uint8)
    values[:, drawn((60, 160))] = 255 if photometric == "MONOCHROME2" else 0
    values[:, 50, 150] = 20 if photometric == "MONOCHROME2" else 180
    if frames > 1:
        ds.NumberOfFrames = frames
    ds.PixelData = values.tobytes()
    ds["PixelData"].VR = "OB"
    return ds


def values_of(data: bytes) -> np.ndarray:
    return opened(data).pixel_array


@pytest.mark.parametrize("modality", ["US", "SC", "XA", "DX", "MG"])
def test_it_refuses_kinds_that_carry_text_when_nobody_looked(tmp_path, modality):
    path = save(lettered(tmp_path, modality), tmp_path / "x.dcm")
    assert refused(path) == "release_text_unknown"
    assert deidentify(path, SECRET, Profile(looked_at=True)).blanked == ()


@pytest.mark.parametrize("change", [{"BurnedInAnnotation": "YES"}, {"ImageType": ["DERIVED", "SECONDARY"]}])
def test_it_refuses_a_slice_that_says_it_carries_text(tmp_path, change):
    ds = planted(tmp_path)
    for keyword, value in change.items():
        setattr(ds, keyword, value)
    assert refused(save(ds, tmp_path / "x.dcm")) == "release_text_unknown"


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("frames", [1, 7])
def test_it_blacks_out_the_text_that_is_read(tmp_path, frames, photometric):
    path = save(lettered(tmp_path, frames=frames, photometric=photometric), tmp_path / "x.dcm")
    result = deidentify(path, SECRET, reader=BlockReader())
    values = values_of(result.data).reshape(frames, 60, 160)
    black = 20 if photometric == "MONOCHROME2" else 180
    extreme = 0 if photometric == "MONOCHROME1" else 255
    assert not (values == extreme).any()
    assert (values[:, 50, 150] == black).all()
    assert (values[:, 40:, 20:140] == 100).all()
    assert len(result.blanked) == 1


def test_it_reads_and_blacks_out_compressed_pictures(tmp_path):
    path = compressed(lettered(tmp_path), tmp_path / "x.dcm", uid.RLELossless)
    result = deidentify(path, SECRET, reader=BlockReader())
    again = opened(result.data)
    assert again.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert not (again.pixel_array == 255).any()
    kept = deidentify(path, SECRET, Profile(looked_at=True))
    assert opened(kept.data).file_meta.TransferSyntaxUID == uid.RLELossless


def test_it_refuses_when_text_is_still_read(tmp_path):
    class Stubborn(BlockReader):
        def read(self, image8):
            return (Piece("X1", 0.9, 100.0, 40.0, 10.0, 5.0),)

    path = save(lettered(tmp_path), tmp_path / "x.dcm")
    assert refused(path, reader=Stubborn()) == "release_text_left"
    assert deidentify(path, SECRET, Profile(looked_at=True), reader=Stubborn()).blanked


def test_it_blacks_out_what_lies_outside_of_ultrasound_regions(tmp_path):
    ds = lettered(tmp_path)
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 20, 20
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 139, 49
    ds.SequenceOfUltrasoundRegions = [region]
    result = deidentify(save(ds, tmp_path / "x.dcm"), SECRET, Profile(looked_at=True))
    values = values_of(result.data)
    assert (values[20:50, 20:140] == 100).all()
    assert (values[:20] == 20).all()
    assert (values[50:] == 20).all()
    assert (values[:, :20] == 20).all()
    assert (values[:, 140:] == 20).all()
    assert not (values == 255).any()


@pytest.mark.parametrize("planar", [0, 1])
def test_it_blacks_out_the_rectangles_that_a_person_gives_in_colour_too(tmp_path, planar):
    ds = lettered(tmp_path)
    colour = np.full((60, 160, 3), 90, np.uint8)
    colour[drawn((60, 160))] = 255
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", planar
    ds.PixelData = (np.moveaxis(colour, -1, 0) if planar else colour).tobytes()
    result = deidentify(
        save(ds, tmp_path / "x.dcm"), SECRET, Profile(looked_at=True, blank=(Box(0, 0, 160, 24), Box(150, 55, 99, 99)))
    )
    values = values_of(result.data)
    assert (values[:24] == 0).all()
    assert (values[55:, 150:] == 0).all()
    assert (values[24:55] == 90).all()
    assert opened(result.data).BurnedInAnnotation == "NO"


def test_it_takes_out_what_hides_above_the_highest_bit(tmp_path):
    ds = ct_dataset(tmp_path)
    values = np.frombuffer(ds.PixelData, "<u2") & 0x0FFF
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    ds.PixelData = (values | 0x1000 * (np.arange(values.size) % 2)).astype("<u2").tobytes()
    result = deidentify(save(ds, tmp_path / "x.dcm"), SECRET)
    assert np.array_equal(np.frombuffer(opened(result.data).PixelData, "<u2"), values)


def test_it_takes_big_endian_files(tmp_path):
    ds = planted(tmp_path)
    pixels = np.frombuffer(ds.PixelData, "<u2")
    result = deidentify(big_endian(ds, tmp_path / "x.dcm"), SECRET)
    assert np.array_equal(np.frombuffer(opened(result.data).PixelData, "<u2"), pixels)
    assert traces(result.data) == []
