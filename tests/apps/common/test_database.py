"""The database under these tests is the one that was asked for."""

import os

import pytest
from django.db import connection


@pytest.mark.django_db
def test_it_is_the_database_of_the_address():
    asked = os.environ.get("DATABASE_URL", "").startswith("postgres")
    assert connection.vendor == ("postgresql" if asked else "sqlite")
