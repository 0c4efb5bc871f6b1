"""Hints name clauses that a person judges and quantities that exist."""

from imagingqc.criteria import hints
from imagingqc.criteria.hints import hints_of
from imagingqc.criteria.load import load_builtin
from imagingqc.quantity import quantity_catalogue


def test_it_hints_at_quantities_that_exist():
    keys = {key for criteria in hints._table().values() for several in criteria.values() for key in several}
    assert keys <= quantity_catalogue().keys()


def test_it_hints_only_where_a_person_judges():
    for standard_id, criteria in hints._table().items():
        grades = {c.id: c.grade for c in load_builtin()[standard_id].criteria}
        assert {grades.get(criterion) for criterion in criteria} == {"manual"}, standard_id


def test_it_has_nothing_to_say_of_other_clauses():
    assert hints_of("taiyuan-mutual-recognition-trial", "dr.room.layout") == ()
    assert hints_of("no-such-standard", "x") == ()
    assert "ct.metal.slices" in hints_of("taiyuan-mutual-recognition-trial", "ct.image.artefact")
