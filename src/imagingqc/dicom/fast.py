"""The header of a plain little endian file without a pydicom object for each of its elements.

Only the places of the elements are looked up; values are made when asked for, by `plain` where that is certain to give
what pydicom gives, else by pydicom itself from the same bytes.  Facts are remembered by the bytes they came from: the
images of a series differ in few elements.  Files that are not plain raise OddError and are left to `source`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, BinaryIO, TypeAlias, TypeVar

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from imagingqc.dicom.clean import TAGS, VRS, fact_of, facts_of
from imagingqc.dicom.elements import (
    CHARACTER_SET,
    MoreError,
    OddError,
    PixelElement,
    Place,
    encodings_of,
    item_places,
    items_of,
    walk,
    walk_meta,
)
from imagingqc.dicom.faults import PARSER_ERRORS
from imagingqc.dicom.model import Fact, Problem
from imagingqc.dicom.plain import plain_value, text_value

T = TypeVar("T")

NOT_PLAIN: tuple[type[BaseException], ...] = (OddError, *PARSER_ERRORS)  # what sends a file to the full parser

READ_BYTES = (32 * 1024, 512 * 1024, 8 * 1024**2)  # of the file's begin, as far as the header needs them
_PREAMBLE = 132  # with the letters DICM
_PIXEL_REPRESENTATION = 0x00280103
_SIGNS = {b"\x00\x00": b"US", b"\x01\x00": b"SS"}  # VR of pixel values by (0028,0103)
_SIGNED = frozenset(_SIGNS.values())
_GOTTEN = frozenset({b"UI", b"LO", b"SH", b"CS", b"UC", b"UT"})
_MAX_REMEMBERED, _MAX_KEY_BYTES = 20_000, 4096
_remembered: dict[Any, Any] = {}
_tags: dict[str, int] = {}


class Header:
    """What `header` asks of a dataset: values by keyword, facts of the closed list, the full dataset when needed."""

    __slots__ = ("_charset", "_data", "_full", "_implicit", "_places", "_span")

    def __init__(
        self,
        data: bytes,
        places: dict[int, Place],
        span: tuple[int, int] | None,
        *,
        implicit: bool,
        charset: bytes | None = None,
    ) -> None:
        """`span`: where the data set lies in `data`, None for an item; `charset`: that of what it is an item of."""
        self._data, self._places, self._span, self._implicit = data, places, span, implicit
        self._full: Dataset | None = None
        self._charset = charset
        if (own := self.raw(CHARACTER_SET)) is not None:
            self._charset = own
            if places[CHARACTER_SET][0] not in {None, b"CS"}:
                raise OddError("character set")
            encodings_of(own)

    def keys(self) -> Iterator[int]:
        """The tags that are there, ascending."""
        return iter(self._places)

    def __contains__(self, keyword: str) -> bool:
        return _tag(keyword) in self._places

    def raw(self, tag: int) -> bytes | None:
        """The bytes of a value, None when the element is not there."""
        place = self._places.get(tag)
        return None if place is None else self._data[place[1] : place[2]]

    def get(self, keyword: str, default: Any = None) -> Any:
        """The value of an attribute as pydicom gives it, `default` when it is not there."""
        tag = _tag(keyword)
        if (place := self._places.get(tag)) is None:
            return default
        vr = _dictionary_vr(tag)
        if vr in _GOTTEN and place[0] in {None, vr}:
            value = self._value(vr, self._data[place[1] : place[2]])
            if isinstance(value, str):
                return value
        return self.full.get(keyword, default)

    def _value(self, vr: bytes, raw: bytes) -> Any:
        """A value of a VR that it has by the dictionary too; OddError when only pydicom can tell."""
        try:
            return plain_value(vr, raw, self._charset)
        except OddError:
            return text_value(vr, raw, self._charset)

    def items(self, keyword: str) -> list[Header]:
        """The items of a sequence; OddError when they are not plain."""
        tag = _tag(keyword)
        if (place := self._places.get(tag)) is None:
            return []
        vr, start, stop = place
        if (vr or _dictionary_vr(tag)) != b"SQ":
            raise OddError("VR")
        found = []
        for begin, end in items_of(self._data, start, stop, implicit=self._implicit):
            places = item_places(self._data, begin, end, implicit=self._implicit)
            if sorted(places) != list(places):
                raise OddError("order")
            found.append(Header(self._data, places, None, implicit=self._implicit, charset=self._charset))
        return found

    def plain(self) -> tuple[bytes, dict[int, Place], bool]:
        """The bytes read, the places of the elements in them, and whether they are in implicit VR."""
        return self._data, self._places, self._implicit

    @property
    def full(self) -> Dataset:
        """The same bytes as pydicom reads them."""
        if self._full is None:
            if self._span is None:
                raise OddError("item")
            start, stop = self._span
            self._full = read_dataset(BytesIO(self._data[start:stop]), self._implicit, is_little_endian=True)
        return self._full

    def facts(self) -> Iterator[tuple[str, Fact | Problem]]:
        """Every attribute of the closed list: keyword and value, or what is wrong with it."""
        data, charset = self._data, self._charset
        for tag, (vr, start, stop) in self._places.items():
            if (entry := TAGS.get(tag)) is None:
                continue
            key = (tag, vr, charset, data[start:stop])
            try:
                fact = _remembered[key]
            except KeyError:
                fact = self._fact(tag, vr, key[3])
                if VRS[tag] is not None or vr in _SIGNED:  # others depend on a second element
                    remember(key, stop - start, fact)
            if fact is not None:
                yield entry[0], fact

    def _fact(self, tag: int, vr: bytes | None, raw: bytes) -> Fact | Problem | None:
        expected = VRS[tag] or _SIGNS.get(self.raw(_PIXEL_REPRESENTATION) or b"")
        if expected is not None and vr in {None, expected}:
            if not raw:
                return None
            try:
                if expected == b"SQ":
                    return fact_of(tag, lambda: self.items(TAGS[tag][0]))
                value = self._value(expected, raw)
                return fact_of(tag, lambda: value)
            except OddError:
                pass
        return fact_of(tag, lambda: self.full[tag].value)

    def derived(self, name: str, tags: Iterable[int], compute: Callable[[Dataset], T]) -> T:
        """`compute(full dataset)`, a function of these elements alone, remembered by their bytes."""
        places = [self._places.get(tag) for tag in tags]
        found = [None if p is None else (p[0], self._data[p[1] : p[2]]) for p in places]
        key = (name, self._charset, self._implicit, *found)
        if key not in _remembered:
            value = compute(self.full if any(found) else Dataset())
            remember(key, sum(len(f[1]) for f in found if f), value)
            return value
        known: T = _remembered[key]
        return known

    def private_tags(self, group: int, creator: str, element: int) -> list[int]:
        """Tags that tell the value of a private attribute: those that reserve blocks and those that may hold it.

        None of them when the creator's name stands nowhere in the header.
        """
        if self._span is None or self._data.find(creator.encode(), *self._span) < 0:
            return []
        low = group << 16
        own = [tag - low for tag in self._places if low <= tag <= low | 0xFFFF]
        return [low | e for e in own if 0x10 <= e <= 0xFF or e & 0xFF == element]


Elements: TypeAlias = Dataset | Header


def facts_in(dataset: Elements) -> Iterator[tuple[str, Fact | Problem]]:
    """As `clean.facts_of`, for a header or a dataset."""
    return dataset.facts() if isinstance(dataset, Header) else facts_of(dataset)


@dataclass(slots=True)
class FastSource:
    """As `source.Source`, with headers in the place of datasets."""

    dataset: Header
    meta: Header
    stream: BinaryIO
    size: int
    transfer_syntax: str
    pixel: PixelElement | None


def recall(key: Any) -> Any:
    """What is kept under a key, None when nothing is."""
    return _remembered.get(key)


def remember(key: Any, size: int, value: Any) -> None:
    """Keep what came out of `size` bytes; the store is emptied when it is full, for it is quickly filled again."""
    if size > _MAX_KEY_BYTES:
        return
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    _remembered[key] = value


def forget() -> None:
    """Empty the store of what was remembered, as a measurement from a cold start wants it."""
    _remembered.clear()


def tags_of(keywords: Iterable[str]) -> tuple[int, ...]:
    """The tags of attributes."""
    return tuple(_tag(keyword) for keyword in keywords)


@lru_cache(maxsize=1024)
def _dictionary_vr(tag: int) -> bytes:
    return dictionary_VR(tag).encode()


def _tag(keyword: str) -> int:
    tag = _tags.get(keyword)
    if tag is None:
        tag = _tags[keyword] = int(tag_for_keyword(keyword) or 0)
    return tag


@contextmanager
def fast_source(path: str) -> Iterator[FastSource]:
    """As `source.open_source` for a plain file; OddError for all others, unreadable ones among them."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path for each file costs more than reading it
        if not stat.S_ISREG(status.st_mode):
            raise OddError("file")
        stream = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 - closed below
    except (OSError, ValueError) as exc:
        raise OddError("file") from exc
    with stream:
        data = b""
        for size in READ_BYTES:
            data += stream.read(size - len(data))
            try:
                source = _source(data, status.st_size)
            except MoreError:
                continue
            source.stream = stream
            yield source
            return
    raise OddError("long header")


def _source(data: bytes, size: int) -> FastSource:
    if data[_PREAMBLE - 4 : _PREAMBLE] != b"DICM":
        raise OddError("preamble")
    meta_places, start = walk_meta(data, _PREAMBLE)
    meta = Header(data, meta_places, (_PREAMBLE, start), implicit=False)
    syntax = meta.get("TransferSyntaxUID")
    if not syntax or syntax in {DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian}:
        raise OddError("transfer syntax")
    implicit = syntax == ImplicitVRLittleEndian
    places, pixel = walk(data, start, size, implicit=implicit)
    if not places:
        raise OddError("empty")
    stop = max(place[2] for place in places.values())
    return FastSource(Header(data, places, (start, stop), implicit=implicit), meta, BytesIO(), size, syntax, pixel)
