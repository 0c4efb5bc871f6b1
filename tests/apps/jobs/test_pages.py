import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from yingheng.audit.models import Entry
from yingheng.jobs.models import Job
from yingheng.jobs.services import claim, emit, fail, progress

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def routed(settings):
    settings.YINGHENG_JOB_ROUTES = "tests.apps.jobs.handlers.ROUTES"


def parked(key, scope, error="worker_lost: exit code -9"):
    emit("series.ready", key, scope=scope, priority=9)
    fail(claim("w", 1, 60)[0], error, retry=False)
    return Job.objects.get(natural_key=key)


def test_it_shows_states_counts_and_reasons(signed_in, hospital):
    parked("bad", hospital.path)
    emit("series.ready", "run", scope=hospital.path)
    progress(claim("w", 1, 60)[0], 3, 8)
    emit("exam.closed", "waits", scope=hospital.path)
    page = signed_in("system_admin").get(reverse("jobs:list"))
    assert [tab.count for tab in page.context["page"].tabs] == [None, 1, 1, None, 1]
    shown = page.content.decode()
    assert "exit code -9" in shown
    assert "3 / 8" in shown
    narrowed = signed_in("system_admin", "second").get(reverse("jobs:list"), {"state": "queued", "kind": "exam.closed"})
    assert [row.cells["what"].secondary for row in narrowed.context["page"].table.rows] == ["exam.closed · waits"]


def test_it_tries_a_parked_job_again(signed_in, hospital):
    job = parked("bad", hospital.path)
    client = signed_in("system_admin")
    address = reverse("jobs:retry", kwargs={"job_id": job.pk})
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    job.refresh_from_db()
    assert job.state == "queued"
    assert Entry.objects.order_by("id").last().action == "job.retry"
    answer = client.post(address)  # meanwhile queued: told so, not failed
    assert answer.status_code == 302
    assert Entry.objects.filter(action="job.retry").count() == 1


def test_jobs_elsewhere_do_not_exist(signed_in, other_hospital):
    job = parked("theirs", other_hospital.path)
    client = signed_in("system_admin")
    assert "theirs" not in client.get(reverse("jobs:list")).content.decode()
    assert client.post(reverse("jobs:retry", kwargs={"job_id": job.pk})).status_code == 404
    job.refresh_from_db()
    assert job.state == "parked"


def test_those_who_only_look_cannot_try_again(signed_in, hospital):
    job = parked("bad", hospital.path)
    client = signed_in("qc_officer")
    assert "bad" in client.get(reverse("jobs:list")).content.decode()
    assert client.post(reverse("jobs:retry", kwargs={"job_id": job.pk})).status_code == 403


def test_it_asks_the_database_as_often_for_many_rows_as_for_few(signed_in, hospital):
    client = signed_in("system_admin")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("jobs:list")).status_code == 200
        return len(asked)

    queries()
    few = queries()
    Job.objects.bulk_create(Job(kind="k", natural_key=str(n), scope=hospital.path) for n in range(200))
    assert queries() == few <= 15


def test_it_pages_on(signed_in, hospital):
    Job.objects.bulk_create(Job(kind="k", natural_key=str(n), scope=hospital.path) for n in range(70))
    client = signed_in("system_admin")
    page = client.get(reverse("jobs:list"), {"kind": "k"}).context["page"]
    following = client.get(reverse("jobs:list") + page.table.pager.next_url).context["page"]
    first, second = ({row.id for row in one.table.rows} for one in (page, following))
    assert (len(first), len(second), first & second) == (50, 20, set())
