"""The conformance statement says what the code does: addresses, matching keys, transfer syntaxes, reasons."""

import re
from pathlib import Path

from imagingqc.dicom.codecs import DECODERS
from yingheng.api import query, storing, urls
from yingheng.api.drawing import OFFERED
from yingheng.api.negotiation import FRAME_TYPES
from yingheng.api.query import INSTANCE, LIMIT, MOST, SERIES, SERIES_FACTS, STUDY

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "conformance" / "dicomweb.md").read_text(encoding="utf-8")


def row(first: str) -> str:
    return next(line for line in TEXT.splitlines() if line.startswith(f"| {first} "))


def test_every_address_is_named():
    said = " ".join(re.findall(r"`([^`]+)`", TEXT))
    for pattern in urls.urlpatterns:
        plain = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        tail = plain.rpartition("/")[2]
        assert plain in said or f"…/{tail}" in said or plain.replace("studies/{study}/series/{series}", "…") in said, (
            plain
        )


def test_the_matching_keys_are_those_of_the_code():
    for level, table in (("study", STUDY), ("series", SERIES), ("instance", INSTANCE)):
        told = row(level).strip("|").split("|")[1]
        assert {name.strip() for name in told.split(",")} == set(table), level
    flat = " ".join(TEXT.split())
    told = flat.split("of a series also ")[1].split(" as far as")[0]
    assert {name.strip() for name in told.split(",")} == set(SERIES_FACTS)
    assert f"({LIMIT} without one, at most {MOST})" in TEXT
    assert query.LIMIT == LIMIT


def test_the_transfer_syntaxes_are_those_of_the_code():
    told = {}
    for line in TEXT.splitlines():
        if match := re.match(r"\| (1\.2\.840[\d.]+) [^|]*\| ([^|,]+)[^|]*\| (yes|no) \|", line):
            told[match[1]] = (match[2].strip(), match[3])
    known = set(FRAME_TYPES) | set(DECODERS)
    assert set(told) == known
    for syntax, (media, decoded) in told.items():
        assert media == FRAME_TYPES.get(syntax, "application/octet-stream"), syntax
        assert decoded == ("yes" if syntax in DECODERS else "no"), syntax


def test_reasons_and_media_types_are_named():
    for reason in (storing.OUT_OF_RESOURCES, storing.OTHER_STUDY, storing.NOT_UNDERSTOOD, storing.CLASS_NOT_SUPPORTED):
        assert f"| {reason:04X}H |" in TEXT
    assert all(f"`{media}`" in TEXT for media in OFFERED)
