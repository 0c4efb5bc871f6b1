"""docs/requirements.toml: all 293 requirements, each once, and no promise without a test."""

import copy

import pytest
from tools import trace


def test_it_holds_every_requirement_once_and_keeps_its_promises():
    assert trace.mistakes(trace.load()) == []


def test_it_expects_293_ids():
    assert len(trace.expected_ids()) == 293
    assert {"S000-01", "S001-47", "S002-21", "S003-117", "S004-48"} <= trace.expected_ids()


MET = {"state": "met", "module": ["tools/trace.py"], "test": ["tests/architecture/test_requirements_trace.py"]}


def test_it_accepts_a_met_requirement_with_module_and_test():
    data = trace.load()
    data["requirement"][0] |= MET
    assert trace.mistakes(data) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "done"}, "none of"),
        ({"domain": "XYZ"}, "none of"),
        ({"zh": ""}, "zh is empty"),
        ({"en": "x" * 91}, "longer than 90"),
        ({**MET, "test": []}, "without a test"),
        ({**MET, "module": []}, "without a module"),
        ({**MET, "module": ["src/nowhere.py"]}, "does not exist"),
        ({**MET, "test": [MET["test"][0] + "::" + "test_it_" + "is_not_there"]}, "does not exist"),
        ({"state": "open", "test": MET["test"]}, "open, but"),
        ({"state": "argued"}, "without a note"),
        ({"page": ["exams/"]}, "begin with /"),
        ({"colour": "red"}, "unknown"),
    ],
)
def test_it_refuses_a_wrong_row(change, words):
    data = copy.deepcopy(trace.load())
    data["requirement"][0] = data["requirement"][0] | change
    found = trace.mistakes(data)
    assert len(found) == 1
    assert words in found[0]


def test_it_refuses_missing_and_double_ids():
    data = trace.load()
    data["requirement"][1] = dict(data["requirement"][0])
    assert [line.split(": ")[1] for line in trace.mistakes(data)] == ["missing", "2 times"]


def test_it_prints_a_sum_of_293():
    assert trace.coverage(trace.load()).splitlines()[-1].split()[-1] == "293"
