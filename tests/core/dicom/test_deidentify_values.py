"""The pieces: words kept, dates moved, stand-ins, and the table of the standard."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.datadict import dictionary_VR
from tests.core.dicom.identities import OTHER, SECRET

from imagingqc.dicom.deidentify import Profile
from imagingqc.dicom.deidentify_rules import _table, action_for, word_lists
from imagingqc.dicom.deidentify_values import Keys, age_kept, cleaned, shifted


@given(st.text(max_size=60))
def test_it_keeps_words_of_its_list_alone(text):
    kept = cleaned(text)
    words = set(word_lists()["words"])
    assert all(w.lower() in words or w in words or any(c.isdigit() for c in w) for w in kept.split())
    assert cleaned(kept) == kept


def test_it_cleans_descriptions():
    assert cleaned("胸部平扫+增强 王小明") == "胸部 平扫 增强"
    assert cleaned("Chest Routine 1.25mm B30f Dr. Smith 13800138000") == "Chest Routine 1.25mm B30f Dr"
    assert cleaned("王小明") == ""


@given(st.dates(dt.date(1950, 1, 1), dt.date(2035, 12, 31)), st.integers(366, 4000))
def test_it_moves_dates_by_days(day, days):
    moved = shifted(f"{day:%Y%m%d}", "DA", days)
    assert dt.datetime.strptime(moved, "%Y%m%d").date() == day - dt.timedelta(days=days)  # noqa: DTZ007
    assert shifted(f"{day:%Y%m%d}101112.5+0800", "DT", days) == f"{moved}101112.5+0800"


def test_it_drops_dates_that_it_cannot_move():
    assert [shifted(text, "DA", 400) for text in ("2026", "20261350", "", "x")] == [""] * 4
    assert shifted("101112.25", "TM", 400) == "101112.25"
    assert [age_kept(a) for a in ("074Y", "089Y", "095Y", "003M")] == ["074Y", "089Y", "090Y", "003M"]


@given(st.text(), st.text())
def test_it_makes_the_same_stand_ins_from_the_same_key(a, b):
    mine, again, other = Keys(SECRET, a), Keys(SECRET, a), Keys(OTHER, a)
    assert mine.pseudonym() == again.pseudonym() != other.pseudonym()
    assert mine.days == again.days
    assert 366 <= mine.days < 366 + 3650
    assert (Keys(SECRET, b).pseudonym() == mine.pseudonym()) == (a == b)


@given(st.from_regex(r"[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){1,5}", fullmatch=True))
def test_it_makes_valid_uids(original):
    made = Keys(SECRET, "p").uid(original)
    assert uid.UID(made).is_valid
    assert made == Keys(SECRET, "another patient").uid(original)
    assert Keys(SECRET, "p").uid(uid.CTImageStorage) == uid.CTImageStorage


def test_its_table_is_the_standards():
    assert len(_table()) == 617
    for tag in _table():
        vr = dictionary_VR(tag)
        for profile in (Profile(), Profile("remove", False, True, True)):
            assert action_for(tag, vr, profile) != "keep" or profile.device
    assert action_for(0x00100010, "PN", Profile()) == "empty"
    assert action_for(0x00081010, "SH", Profile()) == "dummy"
    assert action_for(0x00081010, "SH", Profile(device=True)) == "keep"
    assert action_for(0x00100030, "DA", Profile()) == "empty"
    assert action_for(0x00080020, "DA", Profile()) == "shift"
    assert action_for(0x00080020, "DA", Profile(dates="remove")) == "empty"
    assert action_for(0x00081030, "LO", Profile()) == "clean"
    assert action_for(0x00280010, "US", Profile()) == "keep"
    assert action_for(0x00280011, "UN", Profile()) == "remove"
    assert action_for(0x00990010, "LO", Profile()) == "remove"
