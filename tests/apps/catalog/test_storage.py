"""The store of objects: content-addressed, durable, never outside its folder."""

import hashlib
import io
import os
from pathlib import Path

import pytest

from yingheng.catalog.storage import FileStorage, storage_key
from yingheng.common.errors import Invalid, NotFound


@pytest.fixture
def store(tmp_path):
    return FileStorage(tmp_path)


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("wrap", [bytes, io.BytesIO])
def test_it_keeps_bytes_under_their_hash(store, tmp_path, wrap):
    data = os.urandom(3_000_000)
    stored = store.put(wrap(data))
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert (stored.key, stored.size) == (storage_key(stored.sha256), len(data))
    assert files(tmp_path) == [stored.key]
    with store.open(stored.key) as file:
        assert file.read() == data
    store.verify(stored.key)


def test_it_stores_the_same_bytes_once(store, tmp_path):
    first = store.put(b"abc")
    inode = (tmp_path / first.key).stat().st_ino
    assert store.put(b"abc") == first
    assert (tmp_path / first.key).stat().st_ino == inode
    assert files(tmp_path) == [first.key]


def test_it_mends_a_truncated_file_when_the_bytes_come_again(store, tmp_path):
    stored = store.put(b"abcdef")
    (tmp_path / stored.key).write_bytes(b"abc")
    store.put(b"abcdef")
    store.verify(stored.key)


def test_it_leaves_no_temporary_file_when_reading_fails(store, tmp_path):
    class Broken(io.BytesIO):
        def read(self, *_args):
            raise OSError("cable pulled")

    with pytest.raises(OSError, match="cable pulled"):
        store.put(Broken())
    assert files(tmp_path) == []


def test_it_notices_changed_bytes(store, tmp_path):
    stored = store.put(b"abc")
    (tmp_path / stored.key).write_bytes(b"abd")
    with pytest.raises(Invalid) as caught:
        store.verify(stored.key)
    assert caught.value.code == "catalog.object_differs"


def test_it_syncs_file_and_folder_before_it_answers(store, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd)))
    stored = store.put(b"abc")
    folder = str((store.root / stored.key).parent)
    assert "/objects/tmp/" in synced[0]
    assert synced[-1] == folder


@pytest.mark.parametrize(
    "key", ["../secret.key", "objects/ab/cd/../../../x.dcm", "/etc/passwd", "objects/ab/cd/xx.dcm"]
)
def test_it_refuses_keys_that_lead_elsewhere(store, key):
    for use in (store.open, store.remove, store.exists):
        with pytest.raises(Invalid):
            use(key)


def test_it_says_when_an_object_is_gone(store):
    stored = store.put(b"abc")
    store.remove(stored.key)
    store.remove(stored.key)
    assert not store.exists(stored.key)
    with pytest.raises(NotFound):
        store.open(stored.key)
