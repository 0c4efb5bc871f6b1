"""Reading multipart messages in blocks of any size, and damaged ones."""

import re
from io import BytesIO

import pytest
from django.core.exceptions import RequestDataTooBig
from hypothesis import given
from hypothesis import strategies as st

from yingheng.api.multipart_reader import MultipartReader, boundary_of
from yingheng.common.errors import Invalid


class Slow:
    """Gives at most `size` bytes at a time, as a network does."""

    def __init__(self, data, size):
        self.stream, self.size = BytesIO(data), size

    def read(self, n):
        return self.stream.read(min(n, self.size))


def all_parts(data, boundary=b"b", size=7, limit=10**6):
    return [
        (header, b"".join(blocks))
        for header, blocks in MultipartReader(Slow(data, size).read, boundary, limit=limit).parts()
    ]


@given(
    st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\r\n--b", b"")), max_size=4),
    st.integers(1, 40),
    st.sampled_from([b"", b"\r\n", b"preamble\r\n"]),
)
def test_it_gives_back_what_was_put_together(contents, size, before):
    data = before + b"".join(b"--b\r\nContent-Type: x/y\r\n\r\n" + one + b"\r\n" for one in contents) + b"--b--"
    assert all_parts(data, size=size) == [({"content-type": "x/y"}, one) for one in contents]


def test_a_part_that_nobody_reads_is_passed_over():
    data = b"--b\r\n\r\nfirst\r\n--b\r\nA: 1\r\nB:2\r\n\r\nsecond\r\n--b--"
    reader = MultipartReader(Slow(data, 3).read, b"b", limit=1000)
    assert [header for header, _blocks in reader.parts()] == [{}, {"a": "1", "b": "2"}]


@given(st.integers(0, 60))
def test_a_message_cut_anywhere_is_damaged(n):
    data = b"--b\r\nContent-Type: x/y\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\n--b--"
    if n < len(data):
        with pytest.raises(Invalid, match="multipart_damaged"):
            all_parts(data[:n])
    else:
        assert len(all_parts(data)) == 2


def test_it_stops_at_the_limit_and_at_endless_headers():
    data = b"--b\r\n\r\n" + bytes(5000) + b"\r\n--b--"
    assert len(all_parts(data, limit=len(data))) == 1
    with pytest.raises(RequestDataTooBig):
        all_parts(data, limit=len(data) - 1, size=10**6)
    with pytest.raises(Invalid, match="multipart_damaged"):
        all_parts(b"--b\r\n" + b"A: 1\r\n" * 10_000, size=4096)


def test_the_boundary_comes_from_the_content_type():
    media = "application/dicom"
    assert boundary_of(f'multipart/related; type="{media}"; boundary="a b-c"', media) == b"a b-c"
    assert boundary_of(f"Multipart/Related; boundary=x; TYPE={media}", media) == b"x"
    wrong = (
        "",
        "multipart/mixed; boundary=x",
        f"multipart/related; type={media}",
        f"multipart/related; boundary={'x' * 71}",
    )
    for text in wrong:
        with pytest.raises(Invalid, match=re.escape("api.not_multipart")):
            boundary_of(text, media)
