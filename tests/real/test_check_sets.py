"""What `yingheng check` fails in the real sets, each failure looked at and agreed with; nothing else may fail."""

from __future__ import annotations

import pytest
from tests.cli.running import checked

pytestmark = pytest.mark.real

MISSING = "ct.slices.missing"
PET = "pt.images"
# set -> (exit code, failed criteria with their values)
TRUTH: dict[str, tuple[int, list[tuple[str, object]]]] = {
    "ct-catphan504": (0, []),
    # 10 of 189 places were kept; image numbers and positions agree on what is not there
    "ct-duplicate-positions": (1, [(MISSING, 179)]),
    # samples of every second to tenth slice: numbers and positions agree on what is not there
    "ct-head": (1, [(MISSING, 6), (MISSING, 16), (MISSING, 117), (MISSING, 117)]),
    "ct-water": (0, []),
    # exposure index 52 for a target of 438: 10 lg(52 / 438) = -9.3, one eighth of the exposure asked for
    # one or two images of PET series of 313, 475 and 476
    "dose": (1, [("dx.deviation-index.action", -9.3), (PET, 312), (PET, 474), (PET, 475)]),
    "mammography": (0, []),
    "mr-acr": (0, []),
    "mr-acr-reference-object": (0, []),
    "mr-head": (0, []),
    # a step of 10 mm among steps of 5, and number 4 of 1 to 5
    "mr-irregular-spacing": (1, [(MISSING, 1), (MISSING, 1)]),
    "mr-phantom": (0, []),
    "projection-and-scouts": (0, []),
    "transfer-syntaxes": (0, []),
}


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_it_fails_what_is_wrong_and_nothing_else(name, real_data, tmp_path):
    result = checked(real_data / name, tmp_path / "out.json")
    parts = (*result.json["series"], *result.json["exams"])
    failed = sorted((v["criterion"], v["value"]) for p in parts for v in p["verdicts"] if v["outcome"] == "FAIL")
    assert (result.code, failed) == (TRUTH[name][0], sorted(TRUTH[name][1]))


def test_it_knows_every_set(real_data):
    assert {p.name for p in real_data.iterdir() if p.is_dir()} == TRUTH.keys()


def test_it_loses_no_file(real_data, tmp_path):
    """Every file of a set is in a series or in the list of unreadable ones."""
    folder = real_data / "ct-head"
    result = checked(folder, tmp_path / "out.json")
    files = sum(p.is_file() for p in folder.rglob("*"))
    assert sum(s["n_images"] for s in result.json["series"]) + len(result.json["unreadable"]) == files
