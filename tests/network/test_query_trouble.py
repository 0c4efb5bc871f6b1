"""Archives that cap, refuse, fail and die, and a disk of ours that is full."""

import datetime as dt
from copy import deepcopy

import pytest
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _every_fact_leaves_a_job,
    _log_may_be_emptied,
    actor,
    hospital,
    region,
)
from tests.network.asking import archive, ask, drain, home, objects, run, states  # noqa: F401 - fixtures too
from tests.network.pacs import Pacs

from yingheng.catalog.models import Instance
from yingheng.common.clock import now
from yingheng.ingest.models import Query, RemoteAE
from yingheng.ingest.querying import retrieving
from yingheng.ingest.services import querying_fetch
from yingheng.ingest.services.querying import query_again
from yingheng.ingest.services.querying_run import query_run

pytestmark = [pytest.mark.network, pytest.mark.django_db, pytest.mark.usefixtures("home")]


def test_it_says_that_the_archive_does_not_know_us(objects, hospital, actor):  # noqa: F811
    with Pacs(objects[:4], ways=("move",)) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    row = query.studies.get()
    assert (row.state, row.trouble) == ("failed", "move_destination")
    assert (query.state, query.n_failed) == ("done", 1)


def test_it_says_that_nothing_can_be_retrieved(objects, hospital, actor):  # noqa: F811
    with Pacs(objects[:4], ways=()) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    assert query.studies.get().trouble == "retrieve_not_offered"


def test_it_keeps_what_came_of_a_study_with_failing_objects(objects, home, hospital, actor):  # noqa: F811
    with Pacs(objects[:4]) as pacs:
        pacs.refuses = {objects[1].SOPInstanceUID}
        partner = archive(hospital, actor, pacs.port)
        query = run(ask(actor, partner))
        row = query.studies.get()
        assert (row.state, row.n_received, row.n_failed, row.trouble) == ("partial", 3, 1, "objects_failed")
        assert drain(home)["created"] == 3
        pacs.refuses = set()
        query_again(actor=actor, row=query)
        query = run(query)
        assert query.studies.get().state == "done"
        drain(home)
    assert Instance.objects.count() == 4


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pynetdicom leaves a socket open
def test_it_goes_on_when_the_archive_dies_and_comes_back(objects, home, hospital, actor):  # noqa: F811
    pacs = Pacs(objects).open()
    partner = archive(hospital, actor, pacs.port)
    query = ask(actor, partner)
    pacs.dies_at = 2
    assert not query_run(query_id=query.pk)
    partner.refresh_from_db()
    query.refresh_from_db()
    assert (partner.trouble, partner.n_failures) == ("went_away", 1)
    assert query.next_at > now()
    pacs.close()
    for n in (2, 3):
        Query.objects.update(next_at=None)
        RemoteAE.objects.update(next_try_at=None)
        assert not query_run(query_id=query.pk)
        partner.refresh_from_db()
        assert (partner.n_failures, partner.trouble) == (n, "connection_refused")
    waits = partner.next_try_at - now()
    assert dt.timedelta(seconds=100) < waits <= dt.timedelta(seconds=120)
    pacs.dies_at = None
    with pacs:
        query = run(query)
    partner.refresh_from_db()
    assert (query.state, query.n_done, partner.n_failures, partner.trouble) == ("done", 3, 0, "")
    drain(home)
    assert Instance.objects.count() == 8


def test_one_study_that_breaks_the_archive_holds_up_no_other(objects, home, hospital, actor):  # noqa: F811
    bad = objects[0].StudyInstanceUID

    class Fragile(Pacs):
        def _send(self, event, found):
            if found[0].StudyInstanceUID == bad:
                event.assoc.abort()
                return
            yield from super()._send(event, found)

    with Fragile(objects) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    assert states(query) == {"done": 2, "failed": 1}
    assert query.studies.get(study_uid=bad).trouble == "went_away"
    assert query.studies.get(study_uid=bad).attempts == 3


def test_trouble_with_one_series_is_not_forgotten_over_the_next(objects, home, hospital, actor):  # noqa: F811
    every = [deepcopy(one) for one in objects[:4]]
    for one in every[2:]:
        one.SeriesInstanceUID = "1.2.9"
    with Pacs(every) as pacs:
        pacs.refuses = {every[0].SOPInstanceUID, every[1].SOPInstanceUID}
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    row = query.studies.get()
    assert (row.state, row.n_received, row.n_failed, row.trouble) == ("partial", 2, 2, "objects_failed")


def test_a_killed_run_does_not_repeat_what_it_noted(objects, home, hospital, actor, monkeypatch):  # noqa: F811
    class Killed(BaseException):
        pass

    fetched, real = [], querying_fetch.fetch_by_get

    def dying(*args):
        if len(fetched) == 2:
            raise Killed
        fetched.append(args[1].series_uid)
        return real(*args)

    with Pacs(objects) as pacs:
        query = ask(actor, archive(hospital, actor, pacs.port))
        monkeypatch.setattr(querying_fetch, "fetch_by_get", dying)
        with pytest.raises(Killed):
            query_run(query_id=query.pk)
        monkeypatch.setattr(querying_fetch, "fetch_by_get", real)
        n_asked = len(pacs.asked)
        query = run(query)
        assert pacs.retrieved.total() == 3
        assert [one.QueryRetrieveLevel for one in pacs.asked[n_asked:]] == ["SERIES"]
    assert (query.n_done, query.n_objects) == (3, 8)


def test_a_full_disk_is_told_to_the_archive_and_the_query_waits(objects, hospital, actor, monkeypatch):  # noqa: F811
    def full(*_args):
        raise OSError(28, "No space left on device")

    with Pacs(objects[:4]) as pacs:
        query = ask(actor, archive(hospital, actor, pacs.port))
        with monkeypatch.context() as broken:
            broken.setattr(retrieving.Spool, "begin", full)
            assert not query_run(query_id=query.pk)
        query.refresh_from_db()
        assert (query.state, query.trouble) == ("fetching", "our_disk")
        assert run(query).n_objects == 4
