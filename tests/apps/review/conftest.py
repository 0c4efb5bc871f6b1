"""The hospital of most of these tests, and its score sheet."""

import pytest
from tests.apps.review.making import make_hospital, make_sheet


@pytest.fixture
def ours(db):
    return make_hospital()


@pytest.fixture
def sheet(ours):
    return make_sheet(ours)
