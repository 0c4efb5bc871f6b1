"""What a report of results says, before any format: groups of measurements and verdicts, and what they are called."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from imagingqc.quantity import Measurement


@dataclass(frozen=True, slots=True)
class StatedVerdict:
    """One verdict in words: `requirement` is the clause in our own words, `remark` why it is neither pass nor fail.

    `by` is "" for the machine's verdict, else that a person decided ("person"): no names leave with a report.
    """

    standard: str
    criterion: str
    clause: str
    requirement: str
    outcome: str
    quantity: str = ""
    value_text: str = ""
    remark: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What was measured and judged of one subject (a series, or the exam as a whole).

    `key` tells the group from others and stays the same from report to report; `images` are the SOP Instance UIDs it
    rests on, each present in the report's sources.
    """

    key: str
    title: str
    measurements: tuple[Measurement, ...]
    verdicts: tuple[StatedVerdict, ...]
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a report is about: `results_key` names the results, `at` when they were made (aware).

    `study_uid` is checked against the sources.
    """

    study_uid: str
    results_key: str
    at: dt.datetime
    lang: str = "zh"


def report_uid(study_uid: str, results_key: str) -> str:
    """The SOP Instance UID of the report of these results: 2.25. and 128 bits of a SHA-256 (PS3.5 B.2)."""
    return uid_of("report", study_uid, results_key)


def uid_of(kind: str, study_uid: str, key: str) -> str:
    """A UID that follows from what it names."""
    digest = hashlib.sha256(f"{kind}|{study_uid}|{key}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
