"""What an object on its way in says of itself, and what is refused."""

from contextlib import contextmanager

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmwrite
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from imagingqc.dicom.object_head import object_head
from imagingqc.dicom.synthetic import dx_image
from imagingqc.errors import DataError


@contextmanager
def refused(code):
    with pytest.raises(DataError) as caught:
        yield
    assert caught.value.reason.code == code


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return dx_image(tmp_path_factory.mktemp("dx"), rows=64, columns=64)


def test_it_reads_the_uids_and_where_the_data_set_begins(path, tmp_path):
    ds = pydicom.dcmread(path)
    wanted = (ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID)
    for syntax, little in ((None, True), (ImplicitVRLittleEndian, True), (ExplicitVRBigEndian, False),
                           (DeflatedExplicitVRLittleEndian, True)):  # fmt: skip
        target = path
        if syntax:
            ds.file_meta.TransferSyntaxUID = syntax
            target = tmp_path / "other.dcm"
            dcmwrite(target, ds, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little)
        data = target.read_bytes()
        head = object_head(data)
        assert (head.sop_class_uid, head.sop_uid, head.series_uid, head.study_uid) == wanted
        assert head.transfer_syntax_uid == pydicom.dcmread(target).file_meta.TransferSyntaxUID
        assert head.offset == 132 + 12 + pydicom.dcmread(target).file_meta.FileMetaInformationGroupLength
        if syntax != DeflatedExplicitVRLittleEndian:
            assert object_head(data[:3000]) == head


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda ds: ds.__delattr__("StudyInstanceUID"), "missing_tag"),
        (lambda ds: ds.__delattr__("SeriesInstanceUID"), "missing_tag"),
        (lambda ds: setattr(ds, "SOPInstanceUID", "1.2.3"), "bad_uid"),
        (lambda ds: setattr(ds, "SOPClassUID", "1.2.3"), "bad_uid"),
    ],
)
def test_it_refuses_what_lacks_or_contradicts_its_identity(path, tmp_path, change, code):
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(tmp_path / "bad.dcm", enforce_file_format=False)
    with refused(code):
        object_head((tmp_path / "bad.dcm").read_bytes())


def test_it_refuses_what_is_no_file(path):
    for data in (b"", b"x" * 500, path.read_bytes()[132:]):
        with refused("not_dicom"):
            object_head(data)


@given(st.data())
def test_damage_is_refused_with_a_reason_or_read(path, data):
    good = bytearray(path.read_bytes()[:3000])
    for _ in range(data.draw(st.integers(1, 5))):
        good[data.draw(st.integers(132, len(good) - 1))] = data.draw(st.integers(0, 255))
    found = ""
    try:
        object_head(bytes(good[: data.draw(st.integers(0, len(good)))]))
    except DataError as error:
        found = error.reason.code
    assert found in {"", "not_dicom", "missing_tag", "bad_uid", "parse_error"}
