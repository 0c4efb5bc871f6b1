"""Side markers and burned-in text: what a reader reads is compared with the header; no reader, no verdict."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from dataclasses import dataclass, field

import numpy as np
import pytest
from tests.core.clinical.builders import FakeReader, code, grey, instance, only, series_of

from imagingqc.clinical.dx import text
from imagingqc.clinical.dx.text import METHOD, Marker, agrees, names_patient, read_markers
from imagingqc.clinical.reader import CachedReader
from imagingqc.dicom.model import Slice, Stack
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic.chest import Chest, chest_image, chest_picture
from imagingqc.dicom.synthetic.letters import letter_box, with_text
from imagingqc.errors import AnalysisError
from imagingqc.imaging.text import TextBox, cut_out, letter_shapes, side_of
from imagingqc.imaging.text_rapidocr import RapidTextReader, default_text_reader

SIZE = 512


@dataclass
class Reader:
    """Gives what it was told; counts what it was asked."""

    whole: tuple[TextBox, ...] = ()
    upright: TextBox | None = None
    mirrored: TextBox | None = None
    asked: list[tuple[int, ...]] = field(default_factory=list)

    def read(self, image8):
        assert image8.dtype == np.uint8
        return self.whole

    def read_line(self, image8):
        self.asked.append(image8.shape)
        return self.mirrored if len(self.asked) % 2 == 0 else self.upright


def box(said, confidence=0.99, x=400.0, y=60.0, width=30.0, height=40.0):
    return TextBox(said, confidence, x, y, width, height)


def plate(letter="R", x=440, y=60, **how):
    return with_text(chest_picture(Chest(), SIZE, SIZE), letter, x, y, 5, 4000, **how)


def eight(picture):
    return np.clip(picture / 4095 * 255, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("said", "sides"),
    [
        ("R", "R"), ("l", "L"), ("L PA", "L"), ("(R)", "R"), ("LT-AP", "L"), ("RIGHT", "R"), ("左", "L"),
        ("右侧位", "R"), ("L/R", "LR"), ("LATERAL", ""), ("AP", ""), ("X-TABLE", ""), ("", ""), ("RL", ""), ("8", ""),
    ],
)  # fmt: skip
def test_it_takes_a_side_from_words_of_their_own(said, sides):
    assert "".join(sorted(side_of(said))) == sides


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("letter", "x"), [("R", 440), ("L", 30)])
def test_it_finds_a_drawn_letter_and_nothing_else_of_a_chest(letter, x, mirrored):
    found = letter_shapes(eight(plate(letter, x, mirrored=mirrored)))
    assert [(one.x, one.y, one.width, one.height) for one in found] == [letter_box(letter, x, 60, 5)]
    assert letter_shapes(eight(chest_picture(Chest(), SIZE, SIZE))) == ()


def test_it_cuts_a_letter_out_upright_and_mirrored():
    picture = eight(plate("L"))
    (letter,) = letter_shapes(picture)
    one, other = cut_out(picture, letter), cut_out(picture, letter, mirrored=True)
    assert max(one.shape) == 84
    assert (one[:, ::-1] == other).all()
    assert one[:, : one.shape[1] // 2].mean() > one[:, one.shape[1] // 2 :].mean()  # the stem of an L


@pytest.mark.parametrize(
    ("upright", "mirrored", "expected"),
    [
        (box("R"), None, ("R", False)),
        (box("B", 0.88), box("R", 0.99), ("R", True)),
        (box("R", 0.93), box("R", 0.99), ("R", True)),
        (box("R", 0.85), box("A", 0.99), None),
        (None, None, None),
    ],
)
def test_it_believes_the_surer_way_of_reading_a_letter(upright, mirrored, expected):
    reader = Reader(upright=upright, mirrored=mirrored)
    markers, words = read_markers(eight(plate()), reader)
    assert [("".join(m.sides), m.mirrored) for m in markers] == ([expected] if expected else [])
    assert (words, len(reader.asked)) == ([], 2)


def test_it_counts_a_letter_once_that_the_whole_picture_shows():
    reader = Reader(whole=(box("R", x=435, y=55, width=36, height=46),), upright=box("R"), mirrored=box("R"))
    assert len(read_markers(eight(plate()), reader)[0]) == 1


def header(**facts):
    return instance(1, modality="DX", rows=SIZE, columns=SIZE, **facts)


def marker(side, x=400.0, **of):
    return Marker(frozenset(side), box(side, x=x), **of)


@pytest.mark.parametrize(
    ("markers", "facts", "expected"),
    [
        ([marker("R")], {"ImageLaterality": "R"}, True),
        ([marker("R", mirrored=True)], {"Laterality": "R"}, True),
        ([marker("L")], {"ImageLaterality": "R"}, False),
        ([marker("L"), marker("R")], {"ImageLaterality": "R"}, False),
        ([marker("L", 450.0)], {"PatientOrientation": ("L", "F")}, True),
        ([marker("R", 20.0)], {"PatientOrientation": ("L", "F"), "ImageLaterality": "U"}, True),
        ([marker("R", 450.0)], {"PatientOrientation": ("L", "F")}, False),
        ([marker("R", 450.0)], {"PatientOrientation": ("R", "F")}, True),
    ],
)
def test_it_compares_markers_with_the_header(markers, facts, expected):
    assert agrees(markers, header(**facts)) is expected


@pytest.mark.parametrize(
    ("markers", "facts", "reason"),
    [
        ([], {"ImageLaterality": "R"}, "no_marker"),
        ([marker("R")], {}, "missing_tag"),
        ([marker("R")], {"PatientOrientation": ("P", "F")}, "missing_tag"),
        ([marker("R")], {"ImageLaterality": "R", "Laterality": "L"}, "contradictory_tags"),
        ([marker("R", 250.0)], {"PatientOrientation": ("L", "F")}, "marker_central"),
        ([marker("LR", 20.0)], {"PatientOrientation": ("L", "F")}, "marker_central"),
    ],
)
def test_it_refuses_to_compare_what_cannot_be(markers, facts, reason):
    with pytest.raises(AnalysisError) as caught:
        agrees(markers, header(**facts))
    assert caught.value.reason.code == reason


WHO = {"PatientName": "DEMO^PATIENT=王^小明", "PatientID": "A-00123", "PatientBirthDate": "19700101"}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("Patient: DEMO", True), ("ID A00123", True), ("1970-01-01", True), ("小明 男", True),
        ("AP 70 kV", False), ("2026-11-22", False), ("王", False),
    ],
)  # fmt: skip
def test_it_tells_the_patients_name_from_other_text(said, named):
    assert (len(names_patient([box(said)], header(**WHO))) == 1) is named


def test_it_keeps_boxes_and_never_the_text():
    reader = FakeReader({"1.2.3.1": grey(plate().astype(np.int32))})
    reader.text_reader = Reader(whole=(box("DEMO PATIENT", x=10, y=20), box("AP 70KV", x=90, y=20), box("R", x=440)))
    piece = Slice(header(ImageLaterality="R", **WHO), 0, None)
    found = METHOD.run(series_of(instances=[piece.instance]), (Stack("projection", (piece,)),), reader)
    assert {m.quantity: m.value for m in found} == {
        "dx.marker.present": True, "dx.marker.side": "R", "dx.marker.agrees": True,
        "image.burned_in.text": 2, "image.burned_in.identity": True,
    }  # fmt: skip
    words = only(found, "image.burned_in.text").evidence.shape
    assert words["boxes"] == [[10, 20, 30, 40, "identity"], [90, 20, 30, 40, "text"]]
    assert words["points"] == [[25.0, 40.0], [105.0, 40.0]]
    assert "DEMO" not in str([m.as_dict() for m in found])
    assert only(found, "dx.marker.side").evidence.shape["markers"] == [[440, 60.0, 30.0, 40.0, "R", False]]


def test_it_says_that_no_reader_is_installed(tmp_path):
    chest_image(tmp_path, Chest(), rows=128)
    series = scan([tmp_path], 1).exams[0].series[0]
    found = METHOD.run(series, split_stacks(series), CachedReader())
    assert [m.quantity for m in found] == list(METHOD.quantities)
    assert {code(m) for m in found} == {"no_text_reader"}


def test_it_does_not_call_a_tiny_picture_unmarked(tmp_path):
    chest_image(tmp_path, Chest(), rows=64)
    series = scan([tmp_path], 1).exams[0].series[0]
    found = METHOD.run(series, split_stacks(series), CachedReader(text_reader=Reader()))
    assert {code(m) for m in found} == {"picture_too_small"}


def test_it_reads_only_the_text_of_captures():
    reader = FakeReader({"1.2.3.1": grey(plate().astype(np.int32))})
    reader.text_reader = Reader(whole=(box("R"), box("DOSE 7")))
    piece = Slice(header(**WHO), 0, None)
    found = METHOD.run(series_of(instances=[piece.instance]), (Stack("secondary", (piece,)),), reader)
    assert [code(m) for m in found if m.quantity.startswith("dx.")] == ["no_images"] * 3
    assert only(found, "image.burned_in.text").value == 1


def test_it_reads_captures_in_colour():
    reader = FakeReader()
    reader.text_reader = Reader(whole=(box("DEMO"),))
    reader.colour = lambda piece: np.zeros((200, 300, 3), np.uint8)
    piece = Slice(header(SamplesPerPixel=3, **WHO), 0, None)
    found = METHOD.run(series_of(instances=[piece.instance]), (Stack("secondary", (piece,)),), reader)
    assert only(found, "image.burned_in.identity").value is True


def test_it_refuses_identity_without_a_name_to_look_for():
    reader = FakeReader({"1.2.3.1": grey(plate().astype(np.int32))})
    reader.text_reader = Reader()
    piece = Slice(header(PatientID=""), 0, None)
    found = METHOD.run(series_of(instances=[piece.instance]), (Stack("projection", (piece,)),), reader)
    assert code(only(found, "image.burned_in.identity")) == "missing_tag"
    assert only(found, "dx.marker.present").value is False
    assert code(only(found, "dx.marker.side")) == "no_marker"
    assert text.SURE_TEXT < text.SURE_LETTER


def test_it_builds_the_reader_without_loading_it(tmp_path, monkeypatch):
    default_text_reader.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("imagingqc.imaging.text_rapidocr.find_spec", lambda name: None)
    assert default_text_reader() is None
    default_text_reader.cache_clear()

    (tmp_path / "models").mkdir()
    spec = importlib.machinery.ModuleSpec("rapidocr", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr("imagingqc.imaging.text_rapidocr.find_spec", lambda name: spec)
    assert default_text_reader() is None  # a package without its models would fetch them
    default_text_reader.cache_clear()
    for name in ("a_det_small", "b_cls_small", "c_rec_small"):
        (tmp_path / "models" / f"{name}.onnx").touch()
    assert isinstance(default_text_reader(), RapidTextReader)
    default_text_reader.cache_clear()


@pytest.fixture(scope="module")
def installed():
    default_text_reader.cache_clear()
    reader = default_text_reader()
    if reader is None:
        pytest.skip("the optional extra ocr is not installed")
    return reader


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("letter", "x"), [("R", 440), ("L", 30)])
@pytest.mark.filterwarnings("ignore")
def test_it_reads_drawn_letters_with_the_installed_reader(installed, letter, x, mirrored):
    markers, words = read_markers(eight(plate(letter, x, mirrored=mirrored)), installed)
    assert [("".join(m.sides), m.mirrored) for m in markers] == [(letter, mirrored)]
    assert words == []


@pytest.mark.filterwarnings("ignore")
def test_it_reads_a_burned_in_name_with_the_installed_reader(installed):
    picture = eight(with_text(chest_picture(Chest(), 1024, 1024), "DEMO PATIENT", 40, 40, 5, 4000))
    _, words = read_markers(picture, installed)
    assert len(names_patient(words, header(**WHO))) >= 1
