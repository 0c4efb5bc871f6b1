"""The phantoms of the demonstration are measured, and the one that was made faulty is."""

import pytest

from imagingqc.dicom.series import scan
from imagingqc.phantom.registry import test_named as analysis_named
from imagingqc.phantom.run import analyse
from yingheng.cli.demo_phantoms import exams, written

KINDS = (("ct1-catphan", "ct.catphan"), ("ct2-status", "ct.water"), ("mr1-acr-1", "mr.acr"))


@pytest.mark.parametrize(("name", "test"), KINDS)
def test_a_phantom_of_the_demonstration_is_measured(name, test, tmp_path):
    exam = next(one for one in exams() if one.name == name)
    folder = written(tmp_path, exam)
    assert written(tmp_path, exam) == folder  # what is there stays
    (found,) = scan([folder]).exams
    result = analyse(analysis_named(test), list(found.series), {})
    assert result.refused is None
    values = {m.quantity: m.value for m in result.found.measurements}
    if name == "ct2-status":
        assert values["ct.phantom.ct_number"] > 6.0


def test_every_exam_has_a_name_of_its_own_and_every_device_an_early_one():
    found = list(exams())
    assert len({one.name for one in found}) == len(found)
    assert {one.device for one in found} == {one.device for one in found if one.early}
    assert all(one.ago > 0 for one in found)
