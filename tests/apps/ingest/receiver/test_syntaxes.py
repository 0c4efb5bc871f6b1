"""What is taken for storage, against pydicom's and pynetdicom's tables; the head of a file, read by pydicom."""

from io import BytesIO

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID, UID_dictionary
from pynetdicom import sop_class

from yingheng.ingest.receiver import config, filemeta
from yingheng.ingest.receiver.sopclasses import STORAGE_CLASSES
from yingheng.ingest.receiver.syntaxes import Service, service_of, syntax_choose, syntax_rank

QUERIES = [uid for uid, row in UID_dictionary.items() if "- FIND" in row[0] or "- MOVE" in row[0]]


def test_it_knows_every_storage_class():
    known = {str(uid) for uid in sop_class._STORAGE_CLASSES.values()}
    named = {uid for uid, row in UID_dictionary.items() if row[1] == "SOP Class" and "Image Storage" in row[0]}
    assert known | named <= set(STORAGE_CLASSES)
    assert all(service_of(uid) is Service.STORAGE for uid in STORAGE_CLASSES)


def test_it_takes_no_query_or_print_for_storage():
    assert len(QUERIES) > 10
    others = ["1.2.840.10008.5.1.1.1", "1.2.840.10008.1.20.2", "1.2.840.10008.5.1.4.34.6.1"]
    assert [uid for uid in [*QUERIES, *others] if service_of(uid)] == []


def test_it_ranks_every_transfer_syntax_by_what_it_does_to_pixels():
    lossless = [uid for uid, row in UID_dictionary.items() if row[1] == "Transfer Syntax" and "Lossless" in row[0]]
    lossless.remove("1.2.840.10008.1.2.4.81")  # nearly
    assert len(lossless) > 8
    assert {syntax_rank(uid) for uid in lossless} == {0}
    lossy = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"]
    assert {syntax_rank(uid) for uid in lossy} == {1}
    assert [syntax_rank(uid) for uid in ("1.2.840.10008.1.2.2", "1.2.3")] == [2, 3]


@given(st.lists(st.sampled_from(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.3"])))
def test_it_chooses_what_was_proposed_first_among_the_best(proposed):
    chosen = syntax_choose(Service.STORAGE, proposed)
    best = min(map(syntax_rank, proposed), default=None)
    assert chosen == next((one for one in proposed if syntax_rank(one) == best), None)


@pytest.mark.parametrize("calling", ["A", "AB", "SIXTEEN CHARS AE"])
@pytest.mark.parametrize("uid", ["1.2", "1.2.3", "1." + "2" * 62])
def test_it_writes_a_head_that_pydicom_reads(uid, calling):
    content = filemeta.head(uid, uid, "1.2.840.10008.1.2.1", calling, "YINGHENG")
    read = pydicom.dcmread(BytesIO(content))
    meta = read.file_meta
    assert (meta.MediaStorageSOPInstanceUID, meta.SourceApplicationEntityTitle) == (uid, calling)
    assert meta.FileMetaInformationGroupLength == len(content) - 144
    assert meta.ImplementationVersionName == config.IMPLEMENTATION_NAME
    assert len(content) % 2 == 0
    assert len(read) == 0


def test_it_identifies_itself_by_a_lawful_uid():
    assert UID(config.IMPLEMENTATION_UID).is_valid
    assert filemeta.uid_is_wellformed(config.IMPLEMENTATION_UID)
    assert not any(filemeta.uid_is_wellformed(text) for text in ("", "1.2 ", "../x", "1" * 65, "1.2\n"))
