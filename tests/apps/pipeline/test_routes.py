"""The table of what follows what: whole, and quiet where nothing follows."""

import pytest

from yingheng.common import events
from yingheng.jobs.models import Job
from yingheng.jobs.services import emit
from yingheng.pipeline.routes import ROUTES

KINDS = {value for name, value in vars(events).items() if name.isupper()}


@pytest.fixture(autouse=True)
def _real_routes(settings):
    settings.YINGHENG_JOB_ROUTES = "yingheng.pipeline.routes.ROUTES"


def test_every_kind_of_fact_is_in_the_table():
    assert set(ROUTES) == KINDS
    assert all(callable(handler) for handlers in ROUTES.values() for handler in handlers)


@pytest.mark.django_db
def test_a_fact_that_nothing_follows_leaves_no_job():
    quiet = [kind for kind, handlers in ROUTES.items() if handlers == ()]
    assert quiet
    for kind in quiet:
        emit(kind, "1")
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_fact_that_something_follows_leaves_one():
    followed = sorted(kind for kind, handlers in ROUTES.items() if handlers)
    for kind in followed * 2:
        emit(kind, "1")
    assert sorted(Job.objects.values_list("kind", flat=True)) == followed


@pytest.mark.django_db
def test_a_kind_that_nobody_listed_is_not_forgotten():
    emit("nobody.listed", "1")
    assert Job.objects.get().kind == "nobody.listed"
