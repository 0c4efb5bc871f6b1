"""The DICOM JSON model: the same by either road, and the one of the standard."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from tests.core.dicom.builders import big_endian, compressed, ct_dataset, save
from tests.core.dicom.elements import CHARSETS, assembled, element
from tests.core.dicom.mutate import mutated
from tests.phantoms import dicom as phantoms

from imagingqc.dicom.fast import NOT_PLAIN, fast_source
from imagingqc.dicom.json_fast import json_of_header
from imagingqc.dicom.json_model import MAX_INLINE, instance_json, json_in_full
from imagingqc.dicom.synthetic import mg_exam, nm_tomo, us_frame
from imagingqc.errors import DataError

PLAIN = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)


def address(place: str) -> str:
    return f"bulk/{place}"


def outcome(read, path) -> str:
    """What came out as the text that is sent, or the refusal; the order of attributes counts."""
    try:
        return json.dumps(read(path, address), allow_nan=False)
    except DataError as exc:
        return repr(exc.reason)


def same(path) -> None:
    expected = outcome(json_in_full, path)
    assert outcome(instance_json, path) == expected
    assert outcome(instance_json, path) == expected  # now from what was remembered


def is_walked(path) -> bool:
    """Whether the short road was taken to the end."""
    try:
        with fast_source(str(path)) as source:
            return bool(json_of_header(source.dataset, address))
    except NOT_PLAIN:
        return False


@pytest.fixture(scope="module")
def kinds(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("kinds")
    save(ct_dataset(folder / "a"), folder / "explicit.dcm")
    save(ct_dataset(folder / "b"), folder / "implicit.dcm", uid.ImplicitVRLittleEndian)
    save(ct_dataset(folder / "c"), folder / "deflated.dcm", uid.DeflatedExplicitVRLittleEndian)
    big_endian(ct_dataset(folder / "d"), folder / "big.dcm")
    compressed(ct_dataset(folder / "e"), folder / "rle.dcm", uid.RLELossless)
    phantoms.enhanced_mr(folder / "mr", n=3, rows=16)
    phantoms.us_colour(folder / "us", rows=24, columns=32)
    phantoms.dose_report(folder / "sr")
    mg_exam(folder / "mg")
    us_frame(folder / "us2", frames=2, probe="curved", rows=60, columns=80)
    nm_tomo(folder / "nm")
    return sorted(folder.rglob("*.dcm"))


def test_it_gives_the_same_by_either_road(kinds, tmp_path):
    walked = 0
    for path in kinds:
        same(path)
        walked += is_walked(path)
        dataset = dcmread(path)
        if not dataset.file_meta.TransferSyntaxUID.is_compressed and path.stem != "big":
            implicit = save(dataset, tmp_path / path.name, uid.ImplicitVRLittleEndian)
            same(implicit)
            assert is_walked(implicit), path.name
    assert walked == len(kinds) - 2  # all but the deflated and the big endian one


@pytest.mark.real
def test_it_gives_the_same_of_every_real_file(real_data):
    files = sorted(p for p in real_data.rglob("*") if p.is_file())[::3]
    for path in files:
        same(path)
    assert sum(is_walked(path) for path in files) > 0.9 * len(files)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(element(), max_size=8), st.sampled_from(CHARSETS), st.booleans())
def test_it_gives_the_same_for_any_value(tmp_path, elements, charset, implicit):
    path = tmp_path / "values.dcm"
    path.write_bytes(assembled(elements, charset, implicit=implicit))
    same(path)


@pytest.mark.parametrize("batch", range(4))
def test_it_gives_the_same_of_damaged_files(kinds, tmp_path, batch):
    path = tmp_path / "damaged.dcm"
    originals = [p.read_bytes() for p in kinds if p.stat().st_size < 300_000]
    for seed in range(batch * 60, (batch + 1) * 60):
        path.write_bytes(mutated(originals[seed % len(originals)], seed))
        same(path)


def normal(model: dict) -> dict:
    """pydicom's model in the words of ours: empty texts are null, an element of nothing but nulls has no value."""
    found = {}
    for key, one in model.items():
        entry = dict(one)
        if entry["vr"] == "SQ":
            items = [normal(item) for item in entry.get("Value", ())]
            entry = {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
        elif entry["vr"] == "PN":
            people = [{k: v for k, v in p.items() if v} for p in entry.get("Value", ())]
            entry = {"vr": "PN", "Value": people} if any(people) else {"vr": "PN"}
        elif "Value" in entry:
            values = [None if v == "" else v for v in entry["Value"]]
            entry = {"vr": entry["vr"], "Value": values} if any(v is not None for v in values) else {"vr": entry["vr"]}
        found[key] = entry
    return found


@pytest.mark.parametrize("syntax", PLAIN)
def test_it_agrees_with_pydicom_on_sound_objects(kinds, tmp_path, syntax):
    for path in kinds:
        dataset = dcmread(path)
        if dataset.file_meta.TransferSyntaxUID.is_compressed or path.stem == "big":
            continue
        again = save(dataset, tmp_path / path.name, syntax)
        theirs = normal(dcmread(again, stop_before_pixels=True).to_json_dict())
        if "00080005" in theirs:
            theirs["00080005"]["Value"] = ["ISO_IR 192"]
        ours = instance_json(again, address)
        pixels = ours.pop("7FE00010", None)
        assert json.loads(json.dumps(ours)) == json.loads(json.dumps(theirs)), path.name
        assert (pixels is None) == ("PixelData" not in dataset)


def test_it_comes_back_as_the_same_data_set(tmp_path):
    ds = ct_dataset(tmp_path)
    ds.SpecificCharacterSet = "GB18030"
    ds.PatientName = "WANG^XIAOMING=王^小明"
    ds.FrameIncrementPointer = 0x00181063
    path = save(ds, tmp_path / "x.dcm")
    model = json.loads(json.dumps(instance_json(path, address)))
    assert model["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "WANG^XIAOMING", "Ideographic": "王^小明"}]}
    assert model["00280009"] == {"vr": "AT", "Value": ["00181063"]}
    assert model["7FE00010"]["BulkDataURI"] == "bulk/7FE00010"
    assert not [key for key in model if key < "0008" or key.endswith("0000")]
    back = Dataset.from_json(model, bulk_data_uri_handler=lambda *_: b"")
    assert (str(back.PatientName), back.Rows, back.PixelSpacing) == (str(ds.PatientName), ds.Rows, ds.PixelSpacing)


@pytest.mark.parametrize("syntax", [*PLAIN, uid.DeflatedExplicitVRLittleEndian])
def test_it_gives_long_binary_values_by_their_place(tmp_path, syntax):
    ds, icon, rest = ct_dataset(tmp_path), Dataset(), Dataset()
    icon.Rows = icon.Columns = 40
    icon.PixelData = bytes(1600)
    icon["PixelData"].VR = "OW"
    rest.EncapsulatedDocument = b"x" * MAX_INLINE
    ds.IconImageSequence = [Dataset(), icon]
    ds.IconImageSequence[0].Rows = 1
    ds.ReferencedStudySequence = [rest]
    path = save(ds, tmp_path / "x.dcm", syntax)
    same(path)
    model = instance_json(path, address)
    assert model["00880200"]["Value"][1]["7FE00010"] == {"vr": "OW", "BulkDataURI": "bulk/00880200/2/7FE00010"}
    inline = model["00081110"]["Value"][0]["00420011"]
    assert base64.b64decode(inline["InlineBinary"]) == rest.EncapsulatedDocument


def test_it_keeps_what_it_cannot_read_as_bytes(tmp_path):
    path = tmp_path / "x.dcm"
    path.write_bytes(
        assembled([((0x0018, 0x0050), b"DS", b"1,5 "), ((0x0018, 0x0060), b"DS", b"nan ")], "", implicit=False)
    )
    model = instance_json(path, address)
    assert base64.b64decode(model["00180050"]["InlineBinary"]) == b"1,5 "
    assert model["00180060"] == {"vr": "DS"}
    same(path)


def test_it_refuses_what_is_no_object(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"hello" * 100)
    with pytest.raises(DataError) as caught:
        instance_json(path, address)
    assert caught.value.reason.code == "not_dicom"
