"""The arbiter's sheet: both readings without their readers, for nobody else."""

import json

import pytest
from django.urls import reverse
from tests.apps.review.making import give, make_hospital, make_reader, make_readers
from tests.apps.review.rooming import client_of, film_exam, home, room  # noqa: F401 - a fixture
from tests.apps.review.ruled import reading_of

pytestmark = pytest.mark.django_db


def test_only_the_arbiter_reads_what_the_two_found(home):  # noqa: F811
    hospital = make_hospital()
    first, second = make_readers(hospital, 2, prefix="pair")
    _campaign, rows, arbiter = room(hospital, [film_exam(hospital, home)], slot=3)
    case = rows[0].case
    later = give(case, make_reader(hospital, "later"), 1)
    reading_of(case, second, 2, score=70.5, faults=["D-DX-001"])
    assert "70.5" not in client_of(later.reader).get(reverse("web:reading", args=[later.pk])).content.decode()
    later.delete()
    reading_of(case, first, 1, score=95)
    page = client_of(arbiter).get(reverse("web:reading", args=[rows[0].pk])).content.decode()
    for word in ("70.5", "95", as_data("评片人一"), as_data("评片人二")):
        assert word in page, word
    assert [one for one in (first, second) if as_data(one.display_name) in page or one.display_name in page] == []


def as_data(text):
    """A text as the page holds it for its script."""
    return json.dumps(text)[1:-1]
